"""`ledgerwire mcp`: the same tools for an assistant that starts a program."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from mcp import Client, StdioServerParameters

from tests.support.assistant import Assistant, assistant_of
from tests.support.caller import Caller

pytestmark = pytest.mark.long


def program(caller: Caller) -> StdioServerParameters:
    environment = {"LEDGERWIRE_TOKEN": caller.made["access_token"], "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = ["-m", "standalone.cli", "mcp", "--url", caller.url]
    return StdioServerParameters(command=sys.executable, args=arguments, env=os.environ | environment)


async def test_the_tools_are_those_of_the_installation(caller: Caller) -> None:
    async with Client(program(caller)) as client, assistant_of(caller) as direct:
        assistant = Assistant(client)
        assert await assistant.tools() == await direct.tools()
        assert client.instructions == direct.client.instructions
        shown = await assistant.done("create_client", name="Ozola")
        assert (shown["dry_run"], await caller.items("/v1/clients")) == (True, [])
        made = await assistant.done("create_client", name="Ozola", confirm=True)
        assert [one["id"] for one in (await assistant.done("list_clients"))["items"]] == [made["id"]]
        refused = await assistant.call("create_client", confirm=True)
        assert refused.is_error
        assert refused.structured_content["errors"][0]["path"] == "name"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--token", ""], "no credential: set --token, or LEDGERWIRE_TOKEN"),
        (["--token", "lw_wrong"], "does not know this token"),
        (["--token", "x", "--url", "http://127.0.0.1:1"], "http://127.0.0.1:1 cannot be spoken to"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(caller: Caller, options: list[str], said: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standalone.cli", "mcp", "--url", caller.url, *options,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert (process.returncode, out) == (2, b"")
    assert said in err.decode()
    assert len(err.decode().strip().splitlines()) == 1
