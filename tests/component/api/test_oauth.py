"""OAuth 2.1 with an independent client library, against the running server; each rule with its RFC."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from authlib.integrations.httpx_client import OAuthError

from ingress.access.oauth.clients import create_client
from tests.component.api.test_hooks import a_hook
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.oauth import BACK, VERIFIER, Person, answer_in, authorize_url, connected, program, send


async def test_an_application_is_let_in_and_acts_within_its_scopes(
    house: House, oauth_client: dict[str, Any], person: Person, owner: Caller
) -> None:
    app = await connected(house, oauth_client, person)
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
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    back = await person.consent(authorize_url(house, program(house, oauth_client)))
    assert back.startswith(BACK + "?")
    assert {"state": "s1", "iss": house.url}.items() <= answer_in(back).items()


async def test_a_state_comes_back_as_it_was_sent_whatever_is_in_it_rfc_6749_4_1_2(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    state = "a&b=c+d %2B é/?"
    url, _ = program(house, oauth_client).create_authorization_url(
        f"{house.url}/oauth/authorize", state=state, code_verifier=VERIFIER
    )
    page = await person.open(url)
    signed_in = await person.submit(page, name=person.login["name"], password=person.login["password"])
    assert signed_in.headers["Location"].isascii()
    assert " " not in signed_in.headers["Location"]
    back = await person.consent(house.url + signed_in.headers["Location"])
    assert answer_in(back)["state"] == state


async def test_refusing_comes_back_with_access_denied_rfc_6749_4_1_2_1(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    back = await person.consent(authorize_url(house, program(house, oauth_client)), "deny")
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
    house: House, oauth_client: dict[str, Any], person: Person, redirect_uri: str
) -> None:
    app = program(house, oauth_client)
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
    house: House, oauth_client: dict[str, Any], person: Person, change: dict[str, str], error: str
) -> None:
    right = dict(parse_qsl(urlsplit(authorize_url(house, program(house, oauth_client))).query))
    async with person.browser.get(
        f"{house.url}/oauth/authorize", params=right | change, allow_redirects=False
    ) as reply:
        assert reply.status == 303
        assert answer_in(reply.headers["Location"])["error"] == error


async def test_a_code_is_of_use_once_and_a_second_use_ends_what_it_gave_rfc_6749_4_1_2(
    house: House, oauth_client: dict[str, Any], person: Person, owner: Caller
) -> None:
    app = program(house, oauth_client)
    back = await person.consent(authorize_url(house, app))
    token = (await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1"))["access_token"]
    with pytest.raises(OAuthError, match="invalid_grant"):
        await program(house, oauth_client).fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")
    assert (await send(house, token, "GET", "/v1/me")).status == 401
    assert await owner.items("/v1/applications") == []


async def test_a_code_needs_its_verifier_rfc_7636_4_6(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    app = program(house, oauth_client)
    back = await person.consent(authorize_url(house, app))
    with pytest.raises(OAuthError, match="invalid_grant"):
        await app.fetch_token(authorization_response=back, code_verifier="w" * 50, state="s1")
    await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")


async def test_another_client_cannot_redeem_a_code(house: House, oauth_client: dict[str, Any], person: Person) -> None:
    other = await create_client(house.pool, "Other", [BACK], confidential=True)
    back = await person.consent(authorize_url(house, program(house, oauth_client)))
    with pytest.raises(OAuthError, match="invalid_grant"):
        await program(house, other).fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")


async def test_a_wrong_secret_is_401_rfc_6749_5_2(house: House, oauth_client: dict[str, Any], person: Person) -> None:
    back = await person.consent(authorize_url(house, program(house, oauth_client)))
    with pytest.raises(OAuthError, match="invalid_client"):
        await program(house, oauth_client | {"client_secret": "wrong"}).fetch_token(
            authorization_response=back, code_verifier=VERIFIER, state="s1"
        )


async def test_a_refresh_token_rotates_and_its_reuse_ends_the_family_rfc_9700_4_14_2(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    app = await connected(house, oauth_client, person)
    first = app.token["refresh_token"]
    second = await app.refresh_token(refresh_token=first)
    assert second["refresh_token"] != first
    assert (await send(house, second["access_token"], "GET", "/v1/me")).status == 200
    for stolen in (first, second["refresh_token"]):
        with pytest.raises(OAuthError, match="invalid_grant"):
            await app.refresh_token(refresh_token=stolen)
    assert (await send(house, second["access_token"], "GET", "/v1/me")).status == 401


async def test_refreshing_may_ask_for_fewer_scopes_and_not_for_more_rfc_6749_6(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    app = await connected(house, oauth_client, person)
    fewer = await app.refresh_token(scope="read")
    assert (await send(house, fewer["access_token"], "GET", "/v1/me")).json["scopes"] == ["read"]
    again = await app.refresh_token(scope="read write")
    assert again["scope"] == "read write"
    with pytest.raises(OAuthError, match="invalid_scope"):
        await app.refresh_token(scope="read admin")


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_an_application_that_revokes_is_gone_with_its_hooks_rfc_7009(
    house: House, oauth_client: dict[str, Any], person: Person, owner: Caller, kind: str
) -> None:
    app = await connected(house, oauth_client, person)
    token = app.token["access_token"]
    assert (await send(house, token, "POST", "/v1/hooks", json=a_hook())).status == 201
    assert len(await owner.items("/v1/hooks")) == 1
    answered = await app.revoke_token(f"{house.url}/oauth/revoke", token=app.token[kind])
    assert answered.status_code == 200
    assert (await send(house, token, "GET", "/v1/me")).status == 401
    assert await owner.items("/v1/hooks") == []
    assert (await app.revoke_token(f"{house.url}/oauth/revoke", token="unknown")).status_code == 200


async def test_disconnected_from_our_side_it_must_connect_anew(
    house: House, oauth_client: dict[str, Any], person: Person, owner: Caller
) -> None:
    app = await connected(house, oauth_client, person)
    await send(house, app.token["access_token"], "POST", "/v1/hooks", json=a_hook())
    [listed] = await owner.items("/v1/applications")
    gone = await owner.delete(f"/v1/applications/{listed['id']}")
    assert gone.json == {"id": listed["id"], "deleted": True}
    assert (await send(house, app.token["access_token"], "GET", "/v1/me")).status == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        await app.refresh_token()
    assert await owner.items("/v1/hooks") == []
    assert (await owner.delete(f"/v1/applications/{listed['id']}")).status == 404
    page = await person.open(authorize_url(house, program(house, oauth_client)))
    assert 'value="allow"' in page.text, "consent is asked for again"
    again = await connected(house, oauth_client, person)
    assert (await send(house, again.token["access_token"], "GET", "/v1/me")).status == 200


async def test_an_application_may_do_no_more_than_its_user(
    house: House, oauth_client: dict[str, Any], owner: Caller
) -> None:
    viewer = await owner.made_of("/v1/users", {"name": f"viewer-{owner.account_id}", "role": "viewer"})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        app = await connected(house, oauth_client, Person(house.url, browser, viewer))
    assert app.token["scope"] == "read"
    await owner.delete(f"/v1/users/{viewer['id']}")
    assert (await send(house, app.token["access_token"], "GET", "/v1/me")).status == 401


async def test_another_accounts_application_is_not_found(
    house: House, oauth_client: dict[str, Any], person: Person, owner: Caller, stranger: Caller
) -> None:
    await connected(house, oauth_client, person)
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


async def test_a_registration_without_a_redirect_uri_says_what_is_missing(house: House) -> None:
    async with house.session.post(f"{house.url}/oauth/register", json={"client_name": "An app"}) as reply:
        assert (await reply.json())["error_description"] == "redirect_uris is required"


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


async def test_what_a_removed_user_let_in_is_gone_with_its_hooks(
    house: House, oauth_client: dict[str, Any], owner: Caller
) -> None:
    member = await owner.made_of("/v1/users", {"name": f"member-{owner.account_id}", "role": "member"})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        app = await connected(house, oauth_client, Person(house.url, browser, member))
    assert (await send(house, app.token["access_token"], "POST", "/v1/hooks", json=a_hook())).status == 201
    await owner.delete(f"/v1/users/{member['id']}")
    assert (await send(house, app.token["access_token"], "GET", "/v1/me")).status == 401

    async def gone() -> bool:
        return await owner.items("/v1/hooks") == []

    await eventually(gone)
