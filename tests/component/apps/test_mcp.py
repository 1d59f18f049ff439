"""The Model Context Protocol at `/mcp`, spoken to by the client of the official SDK."""

from __future__ import annotations

import pytest

from tests.support.assistant import assistant_of, text_of
from tests.support.caller import Caller


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_smoke(caller: Caller, mode: str) -> None:
    async with assistant_of(caller, mode=mode) as assistant:
        print(assistant.client.protocol_version, assistant.client.server_info)
        tools = await assistant.tools()
        print(len(tools), len(repr(tools)))
        print(await assistant.done("get_me"))
        print(text_of(await assistant.call("create_client", name="Ozola")))
        print(text_of(await assistant.call("create_client", name="Ozola", confirm=True)))
        print(text_of(await assistant.call("create_client", nam="Ozola", confirm=True)))
        print(text_of(await assistant.call("list_clients")))
