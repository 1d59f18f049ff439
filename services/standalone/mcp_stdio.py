"""`ledgerwire mcp`: the tools of an installation over standard input and output, for assistants that start a program.

It is a client of `/mcp`: what it lists and calls is what the installation lists and does, with its checks and texts.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

from contracts.version import VERSION
from standalone.import_export import Refused

SECONDS_MAX: Final = 60.0  # for one call; the installation's own limit
_WRONG: Final = 401
_OK: Final = 200


async def serve(requested: argparse.Namespace) -> int:
    """Serve until standard input ends."""
    if not requested.token:
        raise Refused("no credential: set --token, or LEDGERWIRE_TOKEN in the environment")
    url, headers = requested.url.rstrip("/"), {"Authorization": f"Bearer {requested.token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=SECONDS_MAX) as http:
        await _try(http, url)
        async with (
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as installation,
            stdio_server() as (read, write),
        ):
            server = _server_of(installation)
            await server.run(read, write, server.create_initialization_options())
    return 0


async def _try(http: httpx2.AsyncClient, url: str) -> None:
    """Say what is wrong in a sentence, before the protocol begins.

    Raises:
        Refused.
    """
    try:
        reply = await http.get(f"{url}/v1/me")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Refused(f"{url} cannot be spoken to: {str(error) or type(error).__name__}") from None
    if reply.status_code == _WRONG:
        raise Refused(f"{url} does not know this token: make one there, and set --token or LEDGERWIRE_TOKEN")
    if reply.status_code != _OK:
        raise Refused(f"{url} answered {reply.status_code} to /v1/me: is it an installation of Ledgerwire?")


def _server_of(installation: Client) -> Server[Any]:
    async def list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
        return await installation.list_tools()

    async def call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
        return await installation.session.call_tool(params.name, params.arguments)

    return Server(
        "ledgerwire", version=VERSION, title="Ledgerwire", instructions=installation.instructions,
        on_list_tools=list_tools, on_call_tool=call_tool,
    )  # fmt: skip
