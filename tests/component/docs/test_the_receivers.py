"""The receivers of docs/examples, started as the tutorial says: they take what is signed, and nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson
import pytest
from standardwebhooks import Webhook

from tests.support import node, php
from tests.support.eventually import eventually
from tests.support.machine import free_port

EXAMPLES = node.ROOT / "docs" / "examples"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = {"id": "evt_1", "type": "sale.posted", "data": {"number": "INV-2026-000001"}}
COMMANDS = {
    "receiver.py": [sys.executable],
    "receiver.mjs": [str(node.NODE)],
    "receiver.php": ["php", "-S", "127.0.0.1:9000"],
}


@asynccontextmanager
async def started(name: str, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """Start an example on a free port; give its URL and the file with what it prints."""
    port, said = free_port(), folder / "said.txt"
    script = folder / name
    script.write_text((EXAMPLES / name).read_text(encoding="utf-8").replace("9000", str(port)), encoding="utf-8")
    command = [part.replace("9000", str(port)) for part in COMMANDS[name]]
    with said.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, script, env=os.environ | {"HOOK_SECRET": SECRET, "PYTHONUNBUFFERED": "1"},
            stdout=output, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}/", said
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_receiver_takes_what_is_signed_and_refuses_the_rest(name: str, tmp_path: Path) -> None:
    if name == "receiver.php" and php.find() is None:
        pytest.skip(php.MISSING)
    body, now = orjson.dumps(EVENT).decode(), datetime.now(tz=UTC)
    signature = Webhook(SECRET).sign("evt_1", now, body)
    signed = {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    async with started(name, tmp_path) as (url, said), aiohttp.ClientSession() as session:

        async def answered(headers: dict[str, str], content: str = body) -> int:
            try:
                async with session.post(url, data=content, headers=headers) as reply:
                    return reply.status
            except aiohttp.ClientConnectorError:
                return 0  # not up yet

        assert await eventually(lambda: answered(signed)) == 204
        assert await answered(signed, body.replace("000001", "000002")) == 401
        assert await answered(signed | {"webhook-timestamp": "1"}) == 401
        assert await answered({}) == 401

        def printed() -> bool:
            return "sale.posted INV-2026-000001 webhook-id evt_1" in said.read_text(encoding="utf-8")

        assert await eventually(printed)
