"""The Zapier app signing in by OAuth: Zapier's own core, a running installation, and a person who consents."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from ingress.access.oauth.clients import create_client
from tests.support.api_installation import House
from tests.support.apps.program import AppError
from tests.support.apps.zapier import Zapier, zapier_core
from tests.support.caller import Caller
from tests.support.oauth import VERIFIER, Person, answer_in

BACK: Final = "https://zapier.example/dashboard/auth/oauth/return/App1CLIAPI/"
STATE: Final = "a&b=c+d"
CHALLENGE: Final = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CONFIG: Final = "authentication.oauth2Config"


@pytest.fixture
async def person(house: House, caller: Caller) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        yield Person(house.url, browser, caller.made["login"])


@pytest.fixture
async def zap(house: House) -> AsyncIterator[Zapier]:
    """The app, signing in by OAuth as the application that the installation's operator registered; not connected."""
    client = await create_client(house.pool, "Zapier", [BACK], confidential=True)
    ours = {"CLIENT_ID": str(client["client_id"]), "CLIENT_SECRET": str(client["client_secret"])}
    async with zapier_core("oauth2", **ours) as core:
        yield Zapier(core, {}, {})


async def asked_url(zap: Zapier, house: House) -> str:
    inputs = {
        "instance_url": f"{house.url}/", "redirect_uri": BACK, "state": STATE, "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }  # fmt: skip
    return str(await zap.run(f"{CONFIG}.authorizeUrl", inputs))


async def connect(zap: Zapier, house: House, person: Person) -> None:
    """Let the person consent, and keep what Zapier keeps of the connection."""
    given = answer_in(await person.consent(await asked_url(zap, house)))
    assert given["state"] == STATE
    inputs = {
        "instance_url": f"{house.url}/", "redirect_uri": BACK, "code": given["code"], "code_verifier": VERIFIER,
    }  # fmt: skip
    tokens = await zap.run(f"{CONFIG}.getAccessToken", inputs)
    assert tokens.keys() == {"access_token", "refresh_token"}
    zap.auth = {"instance_url": f"{house.url}/"} | tokens


async def test_a_person_connects_and_zaps_act_for_the_account(
    zap: Zapier, house: House, caller: Caller, person: Person
) -> None:
    asked = parse_qs(urlsplit(await asked_url(zap, house)).query)
    assert (asked["scope"], asked["code_challenge_method"]) == (["read write automate"], ["S256"])
    await connect(zap, house, person)
    app: dict[str, Any] = await zap.program.ask(event={"command": "definition"})
    label = app["authentication"]["connectionLabel"]
    tested = await zap.run("authentication.test")
    assert label == "{{account__name}}"
    assert tested["account"]["name"] == "Baltic Trading OÜ", "what the label names"
    assert (tested["caller"]["kind"], tested["caller"]["name"]) == ("application", "Zapier")
    made = await zap.create("create_client", name="Ozola Design SIA")
    assert [one["id"] for one in await caller.items("/v1/clients")] == [made["id"]]
    hook = await zap.trigger("client_created", "performSubscribe", targetUrl="http://127.0.0.1:9/zap")
    assert (await caller.read(f"/v1/hooks/{hook['id']}"))["triggers"] == ["client.created"]


async def test_an_ended_access_token_asks_for_a_refresh_and_the_new_one_works(
    zap: Zapier, house: House, person: Person
) -> None:
    await connect(zap, house, person)
    first = dict(zap.auth)
    zap.auth["access_token"] = "lw_ended"
    with pytest.raises(AppError) as refused:
        await zap.run("authentication.test")
    assert refused.value.name == "RefreshAuthError"
    zap.auth |= await zap.run(f"{CONFIG}.refreshAccessToken")
    assert zap.auth["access_token"] not in {"lw_ended", first["access_token"]}
    assert zap.auth["refresh_token"] != first["refresh_token"]
    assert (await zap.run("authentication.test"))["account"]["name"] == "Baltic Trading OÜ"


async def test_a_code_without_its_verifier_gives_no_tokens(zap: Zapier, house: House, person: Person) -> None:
    given = answer_in(await person.consent(await asked_url(zap, house)))
    inputs = {
        "instance_url": house.url, "redirect_uri": BACK, "code": given["code"], "code_verifier": "w" * 50,
    }  # fmt: skip
    with pytest.raises(AppError, match="code_verifier"):
        await zap.run(f"{CONFIG}.getAccessToken", inputs)


async def test_after_disconnecting_there_is_no_way_back_without_consent(
    zap: Zapier, house: House, caller: Caller, person: Person
) -> None:
    await connect(zap, house, person)
    [application] = await caller.items("/v1/applications")
    assert (await caller.delete(f"/v1/applications/{application['id']}")).status == 200
    with pytest.raises(AppError) as refused:
        await zap.run("authentication.test")
    assert refused.value.name == "RefreshAuthError"
    with pytest.raises(AppError, match="refresh"):
        await zap.run(f"{CONFIG}.refreshAccessToken")
