"""An assistant that knows only the address of `/mcp`: discovery, registration, consent, refresh, disconnecting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import aiohttp
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from contracts.catalog import offered_actions
from tests.support.api_installation import House
from tests.support.assistant import SECONDS_MAX, Assistant
from tests.support.caller import Caller
from tests.support.oauth import Person

BACK = "http://127.0.0.1:33418/callback"


@dataclass
class Kept(TokenStorage):
    """What the assistant remembers."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None
    asked: list[str] = field(default_factory=list)

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@pytest.fixture
async def person(house: House, caller: Caller) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        yield Person(house.url, browser, caller.made["login"])


def signing_in(house: House, person: Person, kept: Kept) -> OAuthClientProvider:
    """The SDK's whole flow, with a person in front of the browser."""

    async def open_browser(url: str) -> None:
        kept.asked.append(url)

    async def come_back() -> AuthorizationCodeResult:
        given = parse_qs(urlsplit(await person.consent(kept.asked[-1])).query)
        return AuthorizationCodeResult(code=given["code"][0], state=given["state"][0], iss=given["iss"][0])

    metadata = OAuthClientMetadata(
        client_name="An assistant", redirect_uris=[BACK], token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"], response_types=["code"],
    )  # fmt: skip
    return OAuthClientProvider(f"{house.url}/mcp", metadata, kept, open_browser, come_back)


async def test_an_assistant_signs_in_by_itself_and_acts_for_the_person(
    house: House, caller: Caller, person: Person
) -> None:
    kept = Kept()
    async with (
        httpx2.AsyncClient(auth=signing_in(house, person, kept), timeout=SECONDS_MAX) as http,
        Client(streamable_http_client(f"{house.url}/mcp", http_client=http)) as client,
    ):
        assistant = Assistant(client)
        me = await assistant.done("get_me")
        assert (me["caller"]["name"], me["scopes"]) == ("An assistant", ["read", "write"])
        assert {action.key for action in offered_actions()} <= (await assistant.tools()).keys()
        made = await assistant.done("create_client", name="Ozola", confirm=True)
    assert [one["id"] for one in await caller.items("/v1/clients")] == [made["id"]]
    assert parse_qs(urlsplit(kept.asked[0]).query)["resource"] == [f"{house.url}/mcp"]

    [application] = await caller.items("/v1/applications")
    assert application["name"] == "An assistant"
    assert (await caller.delete(f"/v1/applications/{application['id']}")).status == 200
    async with (
        httpx2.AsyncClient(auth=signing_in(house, person, kept), timeout=SECONDS_MAX) as http,
        Client(streamable_http_client(f"{house.url}/mcp", http_client=http)) as client,
    ):
        assert (await Assistant(client).done("get_me"))["caller"]["name"] == "An assistant"
    assert len(kept.asked) == 2, "after disconnecting there is no way in without the person's consent"


async def test_an_ended_access_token_is_refreshed_without_the_person(house: House, person: Person) -> None:
    kept = Kept()
    provider = signing_in(house, person, kept)
    async with (
        httpx2.AsyncClient(auth=provider, timeout=SECONDS_MAX) as http,
        Client(streamable_http_client(f"{house.url}/mcp", http_client=http)) as client,
    ):
        assistant = Assistant(client)
        me = await assistant.done("get_me")
        assert kept.tokens is not None
        first = kept.tokens
        provider.context.token_expiry_time = 1.0
        assert await assistant.done("get_me") == me
    assert kept.tokens.access_token != first.access_token
    assert kept.tokens.refresh_token != first.refresh_token
    assert len(kept.asked) == 1
