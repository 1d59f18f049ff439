"""A trigger and an action that are added to the catalog appear everywhere by themselves: nothing else is written."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.support.assistant import assistant_of, hints_of
from tests.support.caller import Caller
from tests.support.extended_catalog import ACTION_KEY, TRIGGER_KEY
from tests.support.standalone import standalone


@dataclass(frozen=True, slots=True)
class Extended:
    """An installation whose catalog has one more of each, and an account in it."""

    url: str
    caller: Caller


pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]  # the first test starts the program


@pytest.fixture(scope="module")
async def extended(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Extended]:
    home = tmp_path_factory.mktemp("extended")
    async with (
        standalone(home, module="tests.support.extended_catalog") as running,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
    ):
        made = await running.create_account("Baltic Trading OÜ")
        yield Extended(running.url, Caller(session, running.url, made))


async def test_the_api_lists_them_and_takes_them(extended: Extended) -> None:
    caller = extended.caller
    assert (await caller.read(f"/v1/triggers/{TRIGGER_KEY}"))["sample"]["data"]["colour"] == "red"
    action = await caller.read(f"/v1/actions/{ACTION_KEY}")
    assert action["input_schema"]["required"] == ["colour"]
    hook = {"target_url": "http://127.0.0.1:9/", "triggers": [TRIGGER_KEY], "filters": {"colour": ["red"]}}
    assert (await caller.post("/v1/hooks", hook)).status == 201
    assert await caller.made_of(f"/v1/actions/{ACTION_KEY}", {"colour": "red", "times": 2}) == {"waved": "red red"}


async def test_openapi_describes_them(extended: Extended) -> None:
    document = await extended.caller.read("/openapi.json")
    operation = document["paths"][f"/v1/actions/{ACTION_KEY}"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    model = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert model["required"] == ["colour"]
    assert model["properties"]["times"]["maximum"] == 9


async def test_the_console_has_them_in_its_builder_with_a_form(extended: Extended) -> None:
    steps = [{"action": ACTION_KEY, "input": {"colour": "green"}}]
    made = {"name": "Flags", "trigger": {"key": TRIGGER_KEY}, "steps": steps}
    automation = await extended.caller.made_of("/v1/automations", made)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        page = await _signed_in(browser, extended, f"/console/automations/{automation['id']}/edit")
    assert f'value="{TRIGGER_KEY}"' in page
    assert f'value="{ACTION_KEY}"' in page
    assert re.search(r'name="steps\[0\]\.input\.colour"[^>]*value="green"', page)
    assert 'name="steps[0].input.times"' in page
    assert "the colour of the flag" in page


async def test_assistants_have_the_action_as_a_tool(extended: Extended) -> None:
    async with assistant_of(extended.caller) as assistant:
        tool = (await assistant.tools())[ACTION_KEY]
        assert (tool.title, tool.input_schema["required"]) == ("Wave flag", ["colour"])
        assert hints_of(tool) == (False, True, True)
        assert (await assistant.done(ACTION_KEY, colour="red"))["would"] == {"waved": "red"}
        assert await assistant.done(ACTION_KEY, colour="red", confirm=True) == {"waved": "red"}


# What `tools/apps` makes of a test catalog for Zapier and n8n: tests/architecture/test_generated_apps.py.


async def _signed_in(browser: aiohttp.ClientSession, extended: Extended, path: str) -> str:
    """Open a page of the console; the way leads over the sign-in."""

    async def opened(method: str, url: str, form: dict[str, Any] | None = None) -> str:
        async with browser.request(method, url, data=form) as reply:
            return await reply.text()

    page = await opened("GET", extended.url + path)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    form = {name: html.unescape(value) for name, value in hidden.items()} | extended.caller.made["login"]
    await opened("POST", f"{extended.url}/oauth/sign-in", form)
    return await opened("GET", extended.url + path)
