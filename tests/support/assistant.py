"""An assistant: the client of the official SDK for the Model Context Protocol, as programs of others use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, Tool

from tests.support.caller import Caller

SECONDS_MAX = 60.0  # the first request loads the SDK in the server


@dataclass(frozen=True, slots=True)
class Assistant:
    """A connected client."""

    client: Client

    async def tools(self) -> dict[str, Tool]:
        """Every tool that is listed, by its name."""
        found: dict[str, Tool] = {}
        listed = await self.client.list_tools()
        found |= {tool.name: tool for tool in listed.tools}
        assert listed.next_cursor is None
        return found

    async def call(self, tool: str, /, **arguments: Any) -> CallToolResult:
        """Call a tool; an error is a result."""
        result = await self.client.call_tool(tool, arguments)
        assert isinstance(result, CallToolResult)
        return result

    async def done(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that succeeds, and give its object."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        return dict(result.structured_content)


def hints_of(tool: Tool) -> tuple[bool, bool, bool]:
    """Whether a tool only reads, destroys, reaches out; each is said, not left to the protocol's defaults."""
    hints = tool.annotations
    assert hints is not None
    found = (hints.read_only_hint, hints.destructive_hint, hints.open_world_hint)
    assert None not in found
    return bool(found[0]), bool(found[1]), bool(found[2])


def text_of(result: CallToolResult) -> str:
    """All that the result says as text."""
    return "\n".join(part.text for part in result.content if part.type == "text")


@asynccontextmanager
async def held_assistant(caller: Caller) -> AsyncIterator[Assistant]:
    """Connect in a task of its own: the SDK must leave its scopes in the task that entered them, fixtures do not."""
    connected: asyncio.Future[Assistant] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def hold() -> None:
        async with assistant_of(caller) as assistant:
            connected.set_result(assistant)
            await ended.wait()

    holding = asyncio.create_task(hold())
    holding.add_done_callback(lambda _: connected.cancel() if not connected.done() else None)
    try:
        yield await connected
    finally:
        ended.set()
        await holding


@asynccontextmanager
async def assistant_of(caller: Caller, *, mode: str = "auto", **headers: str) -> AsyncIterator[Assistant]:
    """Connect with an account's access token; `mode` "legacy" is the handshake of versions before 2026."""
    bearer = {"Authorization": f"Bearer {caller.made['access_token']}"}
    async with (
        httpx2.AsyncClient(headers=bearer | headers, timeout=SECONDS_MAX) as http,
        Client(streamable_http_client(f"{caller.url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield Assistant(client)
