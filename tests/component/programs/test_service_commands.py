"""The command line of a service: an operator lists what was given up on, and replays it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import ingress
import ledger
import messaging
from contracts.primitives.ids import new_id
from contracts.wire.topology import LEDGER_COMMANDS
from standalone.all_in_one import prepare_all
from storage.migrations import migrate

pytestmark = pytest.mark.long


@pytest.fixture
async def owner(database_dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    await migrate(database_dsn, service="bus", folder=Path(messaging.__file__).with_name("migrations"))
    await migrate(database_dsn, service="ledger", folder=Path(ledger.__file__).with_name("migrations"))
    conn = await asyncpg.connect(database_dsn)
    yield conn
    await conn.close()


async def _run(dsn: str, *words: str) -> tuple[int | None, str, str]:
    environment = os.environ | {"LEDGERWIRE_POSTGRES_DSN": dsn}
    environment.pop("LEDGERWIRE_AMQP_URL", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), errors.decode()


async def _ask(dsn: str, *words: str) -> list[dict[str, Any]]:
    status, out, errors = await _run(dsn, "ledger", "dead-letters", *words)
    assert status == 0, errors
    return [json.loads(line) for line in out.splitlines()]


async def test_an_operator_lists_and_replays_what_was_given_up_on_by_its_id(
    owner: asyncpg.Connection[asyncpg.Record], database_dsn: str
) -> None:
    first, second = new_id(), new_id()
    for identifier in (first, second):
        await owner.execute(
            "INSERT INTO ledger.dead_letter (id, queue, body, reason, deliveries)"
            " VALUES ($1, $2, 'x', 'no envelope', 1)",
            identifier, LEDGER_COMMANDS.name,
        )  # fmt: skip
    assert {line["id"] for line in await _ask(database_dsn, "list")} == {str(first), str(second)}
    (line,) = await _ask(database_dsn, "list", str(first))
    assert (line["id"], line["reason"], line["replayed_at"]) == (str(first), "no envelope", None)
    assert await _ask(database_dsn, "replay", str(first)) == [{"service": "ledger", "replayed": 1}]
    assert await owner.fetchval("SELECT count(*) FROM ledger.outbox") == 1
    states = {line["id"]: line["replayed_at"] is None for line in await _ask(database_dsn, "list")}
    assert states == {str(first): False, str(second): True}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "0198f7c4-0a00-7f30-8c73-2e4f5a6b7c8d"), "there is no dead letter 0198f7c4"),
        (("replay", "0198f7c4-0a00-7f30-8c73-2e4f5a6b7c8d"), "nothing waits to be replayed under the id 0198f7c4"),
        (("replay", "A-17"), "invalid UUID value"),
        (("list", "--limit", "0"), "--limit must be from 1 to"),
        ((), "the following arguments are required: verb"),
    ],
)
async def test_what_cannot_be_listed_or_replayed_is_an_error_that_says_why(
    owner: asyncpg.Connection[asyncpg.Record], database_dsn: str, words: tuple[str, ...], said: str
) -> None:
    assert await owner.fetchval("SELECT count(*) FROM ledger.dead_letter") == 0
    status, out, errors = await _run(database_dsn, "ledger", "dead-letters", *words)
    assert (status, out) == (2, "")
    assert said in errors


async def test_the_embedded_default_lists_the_dead_letters_of_all_services(database_dsn: str) -> None:
    await prepare_all(database_dsn)
    conn = await asyncpg.connect(database_dsn)
    try:
        for schema in ("ingress", "dispatch"):
            await conn.execute(
                f"INSERT INTO {schema}.dead_letter (id, queue, body, reason, deliveries)"  # noqa: S608
                " VALUES ($1, 'ledger.commands', 'x', 'refused', 1)",
                new_id(),
            )
    finally:
        await conn.close()
    status, out, errors = await _run(database_dsn, "standalone.cli", "dead-letters", "list")
    assert status == 0, errors
    assert [json.loads(line)["service"] for line in out.splitlines()] == ["ingress", "trigger_dispatcher"]


async def test_an_account_is_made_with_credentials_that_are_shown_once(database_dsn: str) -> None:
    await migrate(database_dsn, service="bus", folder=Path(messaging.__file__).with_name("migrations"))
    await migrate(database_dsn, service="ingress", folder=Path(ingress.__file__).with_name("migrations"))

    status, out, errors = await _run(database_dsn, "ingress", "account", "create", "Baltic Trading OÜ")

    assert status == 0, errors
    made = json.loads(out)
    assert {"account_id", "api_key", "api_token", "access_token", "login"} <= made.keys()
    conn = await asyncpg.connect(database_dsn)
    named = await conn.fetchval("SELECT name FROM ingress.account WHERE account_id = $1", made["account_id"])
    await conn.close()
    assert named == "Baltic Trading OÜ"
