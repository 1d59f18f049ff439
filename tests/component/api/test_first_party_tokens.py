"""The access token of a first-party client stands for its person's session, and ends with it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from ingress.access.oauth.clients import create_client
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.oauth import BACK, VERIFIER, Person, authorize_url, program, send


@pytest.fixture
async def token(house: House, person: Person) -> dict[str, Any]:
    console = await create_client(house.pool, "Console", [BACK], confidential=True, first_party=True)
    app = program(house, console)
    page = await person.open(authorize_url(house, app))
    after = await person.submit(page, name=person.login["name"], password=person.login["password"])
    back = (await person.open(house.url + after.headers["Location"])).headers["Location"]
    return dict(await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1"))


async def test_it_acts_as_the_person_with_all_scopes_of_their_role(
    house: House, person: Person, token: dict[str, Any]
) -> None:
    assert token["access_token"].startswith("lwu_")
    assert "refresh_token" not in token
    me = (await send(house, token["access_token"], "GET", "/v1/me")).json
    assert (me["caller"]["kind"], me["caller"]["name"]) == ("user", person.login["name"])
    assert me["scopes"] == ["read", "write", "automate", "admin"]


async def test_it_presents_the_session_without_a_csrf_token(house: House, token: dict[str, Any]) -> None:
    session = (await send(house, token["access_token"], "GET", "/v1/session")).json
    assert session["csrf_token"] is None
    made = await send(house, token["access_token"], "POST", "/v1/session/two-factor")
    assert made.status == 200


async def test_the_console_is_no_connected_application_and_its_hooks_outlive_the_session(
    house: House, owner: Caller, token: dict[str, Any]
) -> None:
    assert await owner.items("/v1/applications") == []
    hook = {"target_url": "http://127.0.0.1:1/hook", "triggers": ["client.created"]}
    assert (await send(house, token["access_token"], "POST", "/v1/hooks", json=hook)).status == 201
    assert (await send(house, token["access_token"], "DELETE", "/v1/session")).status == 200
    assert (await send(house, token["access_token"], "GET", "/v1/me")).status == 401
    assert len(await owner.items("/v1/hooks")) == 1


async def test_it_ends_when_the_person_leaves_the_account(
    house: House, owner: Caller, token: dict[str, Any], person: Person
) -> None:
    await owner.post("/v1/users", {"name": f"other-{person.login['name']}", "role": "owner"})
    session = (await send(house, token["access_token"], "GET", "/v1/session")).json
    assert (await owner.delete(f"/v1/users/{session['user']['id']}")).status == 200
    assert (await send(house, token["access_token"], "GET", "/v1/me")).status == 401


async def test_a_first_party_client_without_a_secret_gets_no_other_port(house: House) -> None:
    own = "http://127.0.0.1:8090/console/callback"
    console = await create_client(house.pool, "Console", [own], confidential=False, first_party=True)
    app = program(house, console, token_endpoint_auth_method="none")
    app.redirect_uri = own.replace("8090", "8091")
    async with aiohttp.ClientSession() as browser:
        page = await Person(house.url, browser, {}).open(authorize_url(house, app))
    assert page.status == 400
