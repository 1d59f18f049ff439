"""Due work in a real Postgres: workers share it, a killed one's is taken up again, a zombie's write is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import pytest

from contracts.primitives.ids import new_id
from scheduling.leases import Lease, LeaseTable
from scheduling.worker import LeasedWorker, LeaseLost
from storage.pool import Pool, open_pool
from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres

TABLE: Final = LeaseTable("work.item")
ACCOUNT: Final = new_id()
_MAKE: Final = """
CREATE SCHEMA work;
CREATE TABLE work.item (
    account_id uuid, id uuid, due_at timestamptz, leased boolean NOT NULL DEFAULT false,
    lease_epoch integer NOT NULL DEFAULT 0, lost_workers integer NOT NULL DEFAULT 0, result text,
    PRIMARY KEY (account_id, id)
)
"""
_PICK: Final = (
    "SELECT account_id, id FROM work.item WHERE due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED"
)
_FINISH: Final = """
UPDATE work.item SET due_at = NULL, leased = false, result = $4
 WHERE account_id = $1 AND id = $2 AND lease_epoch = $3 AND leased RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Item:
    lease: Lease
    lost_workers: int


@dataclass(slots=True)
class Process:
    """One process's worker over the shared table."""

    pool: Pool
    name: str
    lease_seconds: float = 30.0
    at_once_max: int = 4
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    bugs: int = 0  # how many of the next items meet one
    handled: list[UUID] = field(default_factory=list)
    refused: list[UUID] = field(default_factory=list)

    async def claim(self, room: int) -> list[Item]:
        rows = await TABLE.claim(
            self.pool, pick=_PICK, args=[room], columns=("result",), lease_seconds=self.lease_seconds
        )
        return [Item(Lease(row["account_id"], row["id"], row["lease_epoch"]), row["lost_workers"]) for row in rows]

    async def handle(self, item: Item) -> None:
        await self.gate.wait()
        if self.bugs:
            self.bugs -= 1
            raise RuntimeError("a bug")
        await self.finish(item)

    async def finish(self, item: Item) -> None:
        lease = item.lease
        if await self.pool.fetchval(_FINISH, lease.account_id, lease.id, lease.epoch, self.name) is None:
            self.refused.append(lease.id)
            raise LeaseLost
        self.handled.append(lease.id)

    def worker(self) -> LeasedWorker[Item]:
        return LeasedWorker(
            self.name,
            self.pool,
            TABLE,
            claim=self.claim,
            handle=self.handle,
            next_due=lambda: TABLE.next_due_seconds(self.pool),
            at_once_max=self.at_once_max,
            lease_seconds=self.lease_seconds,
            sweep_seconds=0.2,
        )

    @asynccontextmanager
    async def working(self, *, drain_seconds: float = 5.0) -> AsyncIterator[LeasedWorker[Item]]:
        worker = self.worker()
        worker.start()
        try:
            yield worker
        finally:
            await worker.stop(drain_seconds)


@pytest.fixture
async def pool(postgres: Postgres) -> AsyncIterator[Pool]:
    dsn = await postgres.create_database()
    pool = await open_pool(dsn, role="none", name="work", size_max=8)
    await pool.execute(_MAKE)
    yield pool
    await pool.close()
    await postgres.drop_database(dsn)


async def add(pool: Pool, many: int, *, due_in: float = 0.0) -> list[UUID]:
    identifiers = [new_id() for _ in range(many)]
    await pool.execute(
        "INSERT INTO work.item (account_id, id, due_at)"
        " SELECT $1, id, now() + make_interval(secs => $3) FROM unnest($2::uuid[]) AS i(id)",
        ACCOUNT, identifiers, due_in,
    )  # fmt: skip
    return identifiers


def opened(process: Process) -> Process:
    process.gate.set()
    return process


async def test_two_workers_share_what_is_due_and_do_each_thing_once(pool: Pool) -> None:
    wanted = await add(pool, 200)
    one, other = opened(Process(pool, "one")), opened(Process(pool, "other"))
    async with one.working(), other.working():
        await eventually(lambda: len(one.handled) + len(other.handled) >= 200)
    assert Counter(one.handled + other.handled) == Counter(wanted)
    assert one.handled
    assert other.handled


async def test_what_is_not_due_yet_is_done_at_its_time_without_being_woken(pool: Pool) -> None:
    process = opened(Process(pool, "one"))
    await add(pool, 1, due_in=0.3)
    async with process.working() as worker:
        assert await TABLE.next_due_seconds(pool) is not None
        assert not worker.in_flight
        await eventually(lambda: process.handled)


async def test_a_worker_takes_no_more_at_once_than_it_may(pool: Pool) -> None:
    await add(pool, 10)
    process = Process(pool, "one", at_once_max=3)
    async with process.working() as worker:
        await eventually(lambda: len(worker.in_flight) == 3)
        assert await worker.claim_once() == 0
        process.gate.set()
        await eventually(lambda: len(process.handled) == 10)


async def test_what_a_killed_worker_held_is_done_by_another_and_the_loss_is_counted(pool: Pool) -> None:
    (held,) = await add(pool, 1)
    (item,) = await Process(pool, "killed", lease_seconds=0.3).claim(1)
    assert (item.lease.epoch, item.lost_workers) == (1, 0)
    successor = Process(pool, "successor")
    assert await successor.claim(1) == []  # not before the lease is over
    again = (await eventually(lambda: successor.claim(1)))[0]
    assert (again.lease.id, again.lease.epoch, again.lost_workers) == (held, 2, 1)


async def test_a_zombies_late_write_renewal_and_release_change_nothing(pool: Pool) -> None:
    await add(pool, 1)
    zombie, successor = Process(pool, "zombie", lease_seconds=0.1), Process(pool, "successor")
    (old,) = await zombie.claim(1)
    (new,) = await eventually(lambda: successor.claim(1))
    assert await TABLE.renew(pool, [old.lease], lease_seconds=60) == set()
    assert await TABLE.release(pool, [old.lease]) == set()
    with pytest.raises(LeaseLost):
        await zombie.finish(old)
    await successor.finish(new)
    assert await pool.fetchval("SELECT result FROM work.item") == "successor"


async def test_a_lease_is_renewed_as_long_as_the_work_takes(pool: Pool) -> None:
    await add(pool, 1)
    slow, rival = Process(pool, "slow", lease_seconds=0.6), opened(Process(pool, "rival"))
    async with slow.working() as worker, rival.working():
        await eventually(lambda: worker.in_flight)
        began = await pool.fetchval("SELECT due_at FROM work.item")
        await eventually(lambda: _is_past(pool, began))
        slow.gate.set()
        await eventually(lambda: slow.handled)
    assert rival.handled == []


async def _is_past(pool: Pool, moment: object) -> bool:
    return bool(await pool.fetchval("SELECT clock_timestamp() > $1::timestamptz + interval '0.3 s'", moment))


async def test_a_worker_notices_that_another_has_taken_over(pool: Pool) -> None:
    await add(pool, 1)
    process = Process(pool, "one", lease_seconds=0.3)
    async with process.working() as worker:
        (item,) = await eventually(lambda: worker.in_flight)
        await pool.execute("UPDATE work.item SET lease_epoch = lease_epoch + 1, due_at = now() + interval '1 h'")
        await eventually(lambda: not worker.holds(item.lease))
        process.gate.set()
        await eventually(lambda: process.refused)
        await eventually(lambda: not worker.in_flight)


async def test_what_is_in_progress_at_the_end_is_finished_or_released_at_once(pool: Pool) -> None:
    await add(pool, 1)
    process = Process(pool, "one", lease_seconds=600)
    async with process.working(drain_seconds=0.05) as worker:
        await eventually(lambda: worker.in_flight)
    (item,) = await opened(Process(pool, "next")).claim(1)
    assert item.lost_workers == 0  # an orderly end is no loss


async def test_work_that_fails_comes_again_after_its_lease(pool: Pool) -> None:
    await add(pool, 1)
    process = opened(Process(pool, "one", lease_seconds=0.2, bugs=1))
    async with process.working():
        await eventually(lambda: process.handled)
    assert await pool.fetchval("SELECT lost_workers FROM work.item") == 1
