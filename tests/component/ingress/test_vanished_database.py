"""A database that vanishes without a word while requests come: they are refused in time, nothing accepted is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import asyncpg
import pytest

from tests.faults.proxy import CuttingProxy, address_of, cutting_proxy, through
from tests.support.eventually import eventually
from tests.support.ingress import Account, Answer, Ingress, an_invoice, prepare, running_ingress
from tests.support.postgres_server import Postgres

pytestmark = pytest.mark.long

SENDERS: Final = 24  # three for each session of the pool
BACK_SECONDS_MAX: Final = 5.0
STATEMENT_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 2.0
CANCEL_SECONDS: Final = 0.5
ANSWER_SECONDS_MAX: Final = 4 * (STATEMENT_SECONDS + CANCEL_SECONDS)


@dataclass(slots=True)
class Load:
    """Senders that push documents one after another, and what they were answered."""

    account: Account
    channel: dict[str, Any]
    answers: list[tuple[float, float, Answer]] = field(default_factory=list)  # when it came, how long it took

    async def send(self, refs: Any) -> None:
        """Push until cancelled."""
        while True:
            began = time.monotonic()
            answer = await self.account.push(self.channel, an_invoice(ref=f"A-{next(refs)}"), Accept="application/json")
            self.answers.append((time.monotonic(), time.monotonic() - began, answer))

    def since(self, moment: float, status: int) -> list[Answer]:
        """The answers of this status since then."""
        return [answer for at, _, answer in self.answers if at > moment and answer.status == status]


@dataclass(frozen=True, slots=True)
class Scene:
    """An ingress, the network before its database, and the database's own address."""

    proxy: CuttingProxy
    ingress: Ingress
    dsn: str

    async def has_what_was_accepted(self, load: Load) -> None:
        """Every document that was answered 200 is in the database."""
        owner = await asyncpg.connect(self.dsn)
        kept = {str(row["id"]) for row in await owner.fetch("SELECT id FROM ingress.operation")}
        await owner.close()
        taken = {answer.json["message_id"] for answer in load.since(0, 200)}
        assert taken <= kept, taken - kept


@asynccontextmanager
async def under_load(running: Ingress) -> AsyncIterator[Load]:
    account = await running.account()
    load, refs = Load(account, await account.channel()), count()
    async with asyncio.TaskGroup() as senders:
        tasks = [senders.create_task(load.send(refs)) for _ in range(SENDERS)]
        await eventually(lambda: len(load.since(0, 200)) > SENDERS)
        yield load
        for task in tasks:
            task.cancel()


@pytest.fixture
async def vanishing(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """An ingress whose bounds are shorter than in production."""
    for name, seconds in (
        ("STATEMENT_TIMEOUT_SECONDS", STATEMENT_SECONDS),
        ("CONNECT_SECONDS_MAX", CONNECT_SECONDS),
        ("CANCEL_SECONDS_MAX", CANCEL_SECONDS),
    ):
        monkeypatch.setattr(f"storage.pool.{name}", seconds)
    dsn = await postgres.copy_of(prepare)
    async with (
        cutting_proxy(address_of(dsn)) as proxy,
        running_ingress(through(dsn, proxy.port), commit_seconds=STATEMENT_SECONDS) as running,
    ):
        yield Scene(proxy, running, dsn)


def refused_in_time(load: Load, moment: float) -> None:
    """Whatever was not accepted since then was 503 with Retry-After, within the bound."""
    slowest = max(seconds for at, seconds, _ in load.answers if at > moment)
    assert slowest < ANSWER_SECONDS_MAX
    others = [answer for at, _, answer in load.answers if at > moment and answer.status != 200]
    assert {answer.status for answer in others} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in others)


async def test_while_the_database_is_out_of_reach_requests_are_refused_in_time_and_none_is_lost(
    vanishing: Scene,
) -> None:
    async with under_load(vanishing.ingress) as load:
        gone = time.monotonic()
        vanishing.proxy.part()
        await eventually(lambda: len(load.since(gone, 503)) > 2 * SENDERS)
        vanishing.proxy.heal()
        back = time.monotonic()
        await eventually(lambda: len(load.since(back, 200)) > SENDERS, deadline_seconds=BACK_SECONDS_MAX)
    refused_in_time(load, gone)
    await vanishing.has_what_was_accepted(load)


async def test_sessions_that_are_half_open_are_replaced_under_load(vanishing: Scene) -> None:
    """Every session goes nowhere and neither side is notified; new ones work."""
    async with under_load(vanishing.ingress) as load:
        gone = time.monotonic()
        vanishing.proxy.half_open()
        bound = STATEMENT_SECONDS + CANCEL_SECONDS + BACK_SECONDS_MAX
        await eventually(lambda: len(load.since(gone, 200)) > SENDERS, deadline_seconds=bound)
    refused_in_time(load, gone)
    await vanishing.has_what_was_accepted(load)
