"""OAuth 2.1 with an independent client library, against the running server; each rule with its RFC."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError

from ingress.access.oauth.clients import create_client
from tests.component.api.test_hooks import a_hook
from tests.support.api_installation import House
from tests.support.caller import Answer, Caller

BACK = "https://app.example/callback"
VERIFIER = "v" * 50


@dataclass(slots=True)
class Person:
    """A person with a browser: it keeps cookies, fills forms in, and follows nothing by itself."""

    url: str
    browser: aiohttp.ClientSession
    login: dict[str, str]

    async def open(self, url: str, **headers: str) -> Answer:
        async with self.browser.get(url, headers=headers, allow_redirects=False) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def submit(self, page: Answer, **fields: str) -> Answer:
        form = re.search(r'<form method="post" action="([^"]+)">', page.text)
        assert form is not None, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        given = {name: html.unescape(value) for name, value in hidden.items()} | fields
        async with self.browser.post(self.url + form[1], data=given, allow_redirects=False) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def consent(self, url: str, decision: str = "allow", **fields: str) -> str:
        """Sign in where asked, decide, and give the URL that the browser is sent back to."""
        page = await self.open(url)
        if 'action="/oauth/sign-in"' in page.text:
            after = await self.submit(page, name=self.login["name"], password=self.login["password"])
            assert after.status == 303, after.text
            page = await self.open(self.url + after.headers["Location"])
        assert page.status == 200, page.text
        sent = await self.submit(page, decision=decision, **fields)
        assert sent.status == 303, sent.text
        return str(sent.headers["Location"])


@pytest.fixture
async def owner(house: House) -> Caller:
    return await house.account()


@pytest.fixture
async def person(house: House, owner: Caller) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        yield Person(house.url, browser, owner.made["login"])


@pytest.fixture
async def client(house: House) -> dict[str, Any]:
    return await create_client(house.pool, "Zapier", [BACK, "http://127.0.0.1:1/back"], confidential=True)


def program(house: House, client: dict[str, Any], **more: Any) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client["client_id"], client.get("client_secret"), redirect_uri=BACK, code_challenge_method="S256",
        scope="read write automate", token_endpoint=f"{house.url}/oauth/token",
        revocation_endpoint=f"{house.url}/oauth/revoke", **more,
    )  # fmt: skip


def authorize_url(house: House, app: AsyncOAuth2Client, **more: str) -> str:
    url, _ = app.create_authorization_url(f"{house.url}/oauth/authorize", state="s1", code_verifier=VERIFIER, **more)
    return str(url)


async def connected(house: House, client: dict[str, Any], person: Person, **more: str) -> AsyncOAuth2Client:
    app = program(house, client)
    back = await person.consent(authorize_url(house, app, **more))
    await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")
    return app


async def send(house: House, token: str, method: str, path: str, **options: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    async with house.session.request(method, house.url + path, headers=headers, **options) as reply:
        return Answer(reply.status, reply.headers, await reply.read())


def answer_in(back: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(back).query))


async def test_an_application_is_let_in_and_acts_within_its_scopes(
    house: House, client: dict[str, Any], person: Person, owner: Caller
) -> None:
    app = await connected(house, client, person)
    token = app.token["access_token"]
    me = (await send(house, token, "GET", "/v1/me")).json
    assert (me["caller"]["kind"], me["caller"]["name"]) == ("application", "Zapier")
    assert me["scopes"] == ["read", "write", "automate"]
    assert (await send(house, token, "POST", "/v1/clients", json={"name": "Ozola"})).status == 201
    assert (await send(house, token, "GET", "/v1/tokens")).status == 403
    [listed] = await owner.items("/v1/applications")
    assert (listed["name"], listed["scopes"]) == ("Zapier", me["scopes"])
    assert listed["user"]["name"] == person.login["name"]


async def test_the_answer_has_state_and_issuer_as_rfc_9207_asks(
    house: House, client: dict[str, Any], person: Person
) -> None:
    back = await person.consent(authorize_url(house, program(house, client)))
    assert back.startswith(BACK + "?")
    assert {"state": "s1", "iss": house.url}.items() <= answer_in(back).items()


async def test_refusing_comes_back_with_access_denied_rfc_6749_4_1_2_1(
    house: House, client: dict[str, Any], person: Person
) -> None:
    back = await person.consent(authorize_url(house, program(house, client)), "deny")
    assert {"error": "access_denied", "state": "s1", "iss": house.url}.items() <= answer_in(back).items()
    assert "code" not in answer_in(back)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://evil.example/",
        "http://127.0.0.1:2/back",
    ],
)
async def test_only_an_exact_redirect_uri_is_sent_to_rfc_9700_4_1_3(
    house: House, client: dict[str, Any], person: Person, redirect_uri: str
) -> None:
    app = program(house, client)
    app.redirect_uri = redirect_uri
    page = await person.open(authorize_url(house, app))
    assert page.status == 400
    assert "Location" not in page.headers


async def test_a_native_program_may_use_any_port_of_its_loopback_address_rfc_8252_7_3(
    house: House, person: Person
) -> None:
    native = await create_client(house.pool, "Desk", ["http://127.0.0.1/back"], confidential=False)
    app = program(house, native, token_endpoint_auth_method="none")
    app.redirect_uri = "http://127.0.0.1:45678/back"
    back = await person.consent(authorize_url(house, app))
    assert back.startswith("http://127.0.0.1:45678/back?")
    token = await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")
    assert token["scope"] == "read write automate"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "read everything"}, "invalid_scope"),
        ({"resource": "https://other.example"}, "invalid_target"),
    ],
)
async def test_a_wrong_request_goes_back_with_its_error(
    house: House, client: dict[str, Any], person: Person, change: dict[str, str], error: str
) -> None:
    right = dict(parse_qsl(urlsplit(authorize_url(house, program(house, client))).query))
    async with person.browser.get(
        f"{house.url}/oauth/authorize", params=right | change, allow_redirects=False
    ) as reply:
        assert reply.status == 303
        assert answer_in(reply.headers["Location"])["error"] == error


async def test_a_code_is_of_use_once_and_a_second_use_ends_what_it_gave_rfc_6749_4_1_2(
    house: House, client: dict[str, Any], person: Person, owner: Caller
) -> None:
    app = program(house, client)
    back = await person.consent(authorize_url(house, app))
    token = (await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1"))["access_token"]
    with pytest.raises(OAuthError, match="invalid_grant"):
        await program(house, client).fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")
    assert (await send(house, token, "GET", "/v1/me")).status == 401
    assert await owner.items("/v1/applications") == []


async def test_a_code_needs_its_verifier_rfc_7636_4_6(house: House, client: dict[str, Any], person: Person) -> None:
    app = program(house, client)
    back = await person.consent(authorize_url(house, app))
    with pytest.raises(OAuthError, match="invalid_grant"):
        await app.fetch_token(authorization_response=back, code_verifier="w" * 50, state="s1")
    await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")


async def test_another_client_cannot_redeem_a_code(house: House, client: dict[str, Any], person: Person) -> None:
    other = await create_client(house.pool, "Other", [BACK], confidential=True)
    back = await person.consent(authorize_url(house, program(house, client)))
    with pytest.raises(OAuthError, match="invalid_grant"):
        await program(house, other).fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")


async def test_a_wrong_secret_is_401_rfc_6749_5_2(house: House, client: dict[str, Any], person: Person) -> None:
    back = await person.consent(authorize_url(house, program(house, client)))
    with pytest.raises(OAuthError, match="invalid_client"):
        await program(house, client | {"client_secret": "wrong"}).fetch_token(
            authorization_response=back, code_verifier=VERIFIER, state="s1"
        )


async def test_a_refresh_token_rotates_and_its_reuse_ends_the_family_rfc_9700_4_14_2(
    house: House, client: dict[str, Any], person: Person
) -> None:
    app = await connected(house, client, person)
    first = app.token["refresh_token"]
    second = await app.refresh_token(refresh_token=first)
    assert second["refresh_token"] != first
    assert (await send(house, second["access_token"], "GET", "/v1/me")).status == 200
    for stolen in (first, second["refresh_token"]):
        with pytest.raises(OAuthError, match="invalid_grant"):
            await app.refresh_token(refresh_token=stolen)
    assert (await send(house, second["access_token"], "GET", "/v1/me")).status == 401


async def test_refreshing_may_ask_for_fewer_scopes_and_not_for_more_rfc_6749_6(
    house: House, client: dict[str, Any], person: Person
) -> None:
    app = await connected(house, client, person)
    fewer = await app.refresh_token(scope="read")
    assert (await send(house, fewer["access_token"], "GET", "/v1/me")).json["scopes"] == ["read"]
    again = await app.refresh_token(scope="read write")
    assert again["scope"] == "read write"
    with pytest.raises(OAuthError, match="invalid_scope"):
        await app.refresh_token(scope="read admin")


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_an_application_that_revokes_is_gone_with_its_hooks_rfc_7009(
    house: House, client: dict[str, Any], person: Person, owner: Caller, kind: str
) -> None:
    app = await connected(house, client, person)
    token = app.token["access_token"]
    assert (await send(house, token, "POST", "/v1/hooks", json=a_hook())).status == 201
    assert len(await owner.items("/v1/hooks")) == 1
    answered = await app.revoke_token(f"{house.url}/oauth/revoke", token=app.token[kind])
    assert answered.status_code == 200
    assert (await send(house, token, "GET", "/v1/me")).status == 401
    assert await owner.items("/v1/hooks") == []
    assert (await app.revoke_token(f"{house.url}/oauth/revoke", token="unknown")).status_code == 200


async def test_disconnected_from_our_side_it_must_connect_anew(
    house: House, client: dict[str, Any], person: Person, owner: Caller
) -> None:
    app = await connected(house, client, person)
    await send(house, app.token["access_token"], "POST", "/v1/hooks", json=a_hook())
    [listed] = await owner.items("/v1/applications")
    gone = await owner.delete(f"/v1/applications/{listed['id']}")
    assert gone.json == {"id": listed["id"], "deleted": True}
    assert (await send(house, app.token["access_token"], "GET", "/v1/me")).status == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        await app.refresh_token()
    assert await owner.items("/v1/hooks") == []
    assert (await owner.delete(f"/v1/applications/{listed['id']}")).status == 404
    page = await person.open(authorize_url(house, program(house, client)))
    assert 'value="allow"' in page.text, "consent is asked for again"
    again = await connected(house, client, person)
    assert (await send(house, again.token["access_token"], "GET", "/v1/me")).status == 200


async def test_an_application_may_do_no_more_than_its_user(house: House, client: dict[str, Any], owner: Caller) -> None:
    viewer = await owner.made_of("/v1/users", {"name": f"viewer-{owner.account_id}", "role": "viewer"})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        app = await connected(house, client, Person(house.url, browser, viewer))
    assert app.token["scope"] == "read"
    await owner.delete(f"/v1/users/{viewer['id']}")
    assert (await send(house, app.token["access_token"], "GET", "/v1/me")).status == 401


async def test_another_accounts_application_is_not_found(
    house: House, client: dict[str, Any], person: Person, owner: Caller, stranger: Caller
) -> None:
    await connected(house, client, person)
    [listed] = await owner.items("/v1/applications")
    assert (await stranger.get(f"/v1/applications/{listed['id']}")).status == 404
    assert (await stranger.delete(f"/v1/applications/{listed['id']}")).status == 404


async def test_a_client_registers_itself_rfc_7591(house: House, person: Person) -> None:
    metadata = {
        "client_name": "n8n", "redirect_uris": [BACK], "token_endpoint_auth_method": "none", "unknown": 1,
        "grant_types": ["authorization_code", "refresh_token"],
    }  # fmt: skip
    async with house.session.post(f"{house.url}/oauth/register", json=metadata) as reply:
        assert reply.status == 201
        made = await reply.json()
    assert "client_secret" not in made
    app = await connected(house, made, person)
    assert (await send(house, app.token["access_token"], "GET", "/v1/me")).json["caller"]["name"] == "n8n"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example/"}, "invalid_redirect_uri"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    ],
)
async def test_wrong_metadata_is_refused_rfc_7591_3_2_2(house: House, change: dict[str, Any], error: str) -> None:
    async with house.session.post(f"{house.url}/oauth/register", json={"redirect_uris": [BACK]} | change) as reply:
        assert (reply.status, (await reply.json())["error"]) == (400, error)


async def test_the_metadata_names_every_endpoint_rfc_8414_and_9728(house: House, owner: Caller) -> None:
    server = (await owner.anonymous("GET", "/.well-known/oauth-authorization-server")).json
    assert server["issuer"] == house.url
    assert server["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization", "token", "revocation", "registration"):
        answer = await owner.anonymous("GET", server[f"{name}_endpoint"])
        assert answer.status in {400, 405}, name
    resource = (await owner.anonymous("GET", "/.well-known/oauth-protected-resource")).json
    assert resource["authorization_servers"] == [house.url]
    challenge = (await owner.anonymous("GET", "/v1/me")).headers["WWW-Authenticate"]
    assert f'resource_metadata="{house.url}/.well-known/oauth-protected-resource"' in challenge


@pytest.mark.parametrize(("language", "word"), [("fr-CA,fr;q=0.9", "Autoriser"), ("es", "Permitir"), ("de", "Allow")])
async def test_consent_is_asked_for_in_the_persons_language(
    house: House, client: dict[str, Any], person: Person, language: str, word: str
) -> None:
    await person.consent(authorize_url(house, program(house, client)))
    page = await person.open(authorize_url(house, program(house, client)), **{"Accept-Language": language})
    assert word in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example;" in policy


async def test_a_consent_that_no_page_of_ours_asked_for_is_refused(
    house: House, client: dict[str, Any], person: Person
) -> None:
    url = authorize_url(house, program(house, client))
    await person.consent(url)
    page = await person.open(url)
    forged = await person.submit(page, csrf="wrong", decision="allow")
    assert (forged.status, forged.json["code"]) == (403, "forbidden")


async def test_a_wrong_password_is_said_on_the_page_and_keeps_the_name(
    house: House, client: dict[str, Any], person: Person
) -> None:
    page = await person.open(authorize_url(house, program(house, client)))
    again = await person.submit(page, name='<a"b>', password="wrong")
    assert again.status == 401
    assert 'role="alert"' in again.text
    assert html.escape('<a"b>') in again.text
