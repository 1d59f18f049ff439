"""What an operator asks of a service on its command line: what the bus gave up on, and to have it back."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

import ledger
import messaging
from contracts.primitives.ids import new_id
from contracts.wire.topology import LEDGER_COMMANDS
from storage.migrations import migrate


@pytest.fixture
async def owner(database_dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    await migrate(database_dsn, service="bus", folder=Path(messaging.__file__).with_name("migrations"))
    await migrate(database_dsn, service="ledger", folder=Path(ledger.__file__).with_name("migrations"))
    conn = await asyncpg.connect(database_dsn)
    yield conn
    await conn.close()


async def _ask(dsn: str, *words: str) -> list[str]:
    environment = os.environ | {"LEDGERWIRE_POSTGRES_DSN": dsn}
    environment.pop("LEDGERWIRE_AMQP_URL", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ledger", *words, env=environment, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return told.decode().splitlines()


async def test_an_operator_sees_what_the_bus_gave_up_on_and_puts_it_back(
    owner: asyncpg.Connection[asyncpg.Record], database_dsn: str
) -> None:
    identifier = new_id()
    await owner.execute(
        "INSERT INTO bus.dead_letter (queue, id, stable_id, body, reason, deliveries, published_at)"
        " VALUES ($1, 1, $2, 'secret', 'handed out too often', 1001, now()),"
        " ('executor.jobs', 2, $2, '', '', 1, now())",
        LEDGER_COMMANDS.name, identifier,
    )  # fmt: skip
    (line,) = await _ask(database_dsn, "dead")
    found, _, queue, size, reason = line.split("\t")
    assert (found, queue, size, reason) == (str(identifier), "ledger.commands", "6 bytes", "handed out too often")
    assert await _ask(database_dsn, "dead", "--replay") == ["ledger.commands: 1 put back"]
    assert await owner.fetchval("SELECT body FROM bus.message WHERE queue = 'ledger.commands'") == b"secret"
    assert await _ask(database_dsn, "dead") == []
