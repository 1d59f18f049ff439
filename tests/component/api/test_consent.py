"""The pages on which a person signs in and consents, and the same over the API."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import urlsplit

import pytest

from ingress.access.oauth.clients import create_client
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.oauth import BACK, VERIFIER, Person, answer_in, authorize_url, program


@pytest.mark.parametrize(("language", "word"), [("fr-CA,fr;q=0.9", "Autoriser"), ("es", "Permitir"), ("de", "Allow")])
async def test_consent_is_asked_for_in_the_persons_language(
    house: House, oauth_client: dict[str, Any], person: Person, language: str, word: str
) -> None:
    await person.consent(authorize_url(house, program(house, oauth_client)))
    page = await person.open(authorize_url(house, program(house, oauth_client)), **{"Accept-Language": language})
    assert word in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example;" in policy


async def test_a_consent_that_no_page_of_ours_asked_for_is_refused(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    url = authorize_url(house, program(house, oauth_client))
    await person.consent(url)
    page = await person.open(url)
    forged = await person.submit(page, csrf="wrong", decision="allow")
    assert (forged.status, forged.json["code"]) == (403, "forbidden")


async def test_a_wrong_password_is_said_on_the_page_and_keeps_the_name(
    house: House, oauth_client: dict[str, Any], person: Person
) -> None:
    page = await person.open(authorize_url(house, program(house, oauth_client)))
    again = await person.submit(page, name='<a"b>', password="wrong")
    assert again.status == 401
    assert 'role="alert"' in again.text
    assert html.escape('<a"b>') in again.text


async def test_consent_is_given_by_the_api_as_on_the_page(
    house: House, oauth_client: dict[str, Any], owner: Caller
) -> None:
    login = owner.made["login"]
    signed_in = await owner.anonymous(
        "POST", "/v1/session", json={"name": login["name"], "password": login["password"]}
    )
    headers = {
        "Cookie": signed_in.headers["Set-Cookie"].partition(";")[0], "X-CSRF-Token": signed_in.json["csrf_token"],
    }  # fmt: skip
    app = program(house, oauth_client)
    query = urlsplit(authorize_url(house, app)).query
    path = "/v1/session/consent"
    asked = (await owner.anonymous("GET", path, params={"query": query}, headers=headers)).json
    assert asked == {
        "application": {
            "client_id": oauth_client["client_id"], "name": "Zapier", "leads_to": "app.example",
            "scopes": ["read", "write", "automate"],
        },
        "redirect_to": None,
    }  # fmt: skip
    refused = await owner.anonymous("POST", path, json={"query": query, "decision": "deny"}, headers=headers)
    assert answer_in(refused.json["redirect_to"])["error"] == "access_denied"
    allowed = await owner.anonymous("POST", path, json={"query": query, "decision": "allow"}, headers=headers)
    back = allowed.json["redirect_to"]
    token = await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")
    assert token["scope"] == "read write automate"
    wrong = await owner.anonymous("GET", path, params={"query": "client_id=none"}, headers=headers)
    assert (wrong.status, set(wrong.faults)) == (422, {"query"})


async def test_our_own_console_needs_no_consent(house: House, person: Person) -> None:
    console = await create_client(house.pool, "Console", [BACK], confidential=True, first_party=True)
    url = authorize_url(house, program(house, console))
    page = await person.open(url)
    after = await person.submit(page, name=person.login["name"], password=person.login["password"])
    back = (await person.open(house.url + after.headers["Location"])).headers["Location"]
    assert answer_in(back)["code"]
