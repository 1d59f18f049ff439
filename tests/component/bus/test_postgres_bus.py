"""What is particular to the bus in Postgres: leases, in-process waking, and a server that goes away."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from contracts.wire.topology import ROLES
from messaging.port import ConsumerOptions, Done, Incoming, Outcome
from messaging.postgres import LocalNotifier, PostgresBus, consumer, open_bus
from storage.pool import open_pool
from tests.support import servers
from tests.support.buses import (
    LEASE_SECONDS,
    DeadLettered,
    PostgresHarness,
    Taken,
    a_message,
    a_queue,
    postgres_harness,
)
from tests.support.eventually import eventually
from tests.support.pace import linger

APART = a_queue()


@pytest.fixture
async def buses(database_dsn: str) -> AsyncIterator[PostgresHarness]:
    async with postgres_harness(database_dsn) as harness:
        yield harness


async def count(dsn: str) -> int:
    conn = await asyncpg.connect(dsn)
    try:
        number: int = await conn.fetchval("SELECT count(*) FROM bus.message")
        return number
    finally:
        await conn.close()


async def test_a_handler_may_take_longer_than_its_lease(buses: PostgresHarness) -> None:
    queue, calls = a_queue(), 0
    bus, rival = await buses.open([queue]), await buses.open([queue], "rival")

    async def slow(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        nonlocal calls
        calls += 1
        await linger(2.5 * LEASE_SECONDS)
        return [Done()] * len(messages)

    await bus.publish([a_message(queue)])
    for each in (bus, rival):
        await each.consume(queue.name, slow, dead_letter=DeadLettered())

    async def gone() -> bool:
        return await count(buses.dsn) == 0

    await eventually(gone)
    assert calls == 1


async def test_what_a_zombie_settles_late_stays_its_heirs(buses: PostgresHarness) -> None:
    queue, began, go_on, heir_began = a_queue(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    bus, heir = await buses.open([queue], "zombie"), await buses.open([queue], "heir")

    async def slow(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        began.set()
        await go_on.wait()
        return [Done()] * len(messages)

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        heir_began.set()
        await asyncio.Event().wait()
        raise AssertionError

    await bus.publish([a_message(queue)])
    zombie = await bus.consume(queue.name, slow, dead_letter=DeadLettered())
    await began.wait()
    for task in zombie._tasks:  # it takes and renews no more, as a process that was stopped for a while
        task.cancel()
    await heir.consume(queue.name, hang, dead_letter=DeadLettered())
    await asyncio.wait_for(heir_began.wait(), 3 * LEASE_SECONDS)
    go_on.set()
    await zombie.stop(2)
    assert await count(buses.dsn) == 1
    await buses.crash(heir)


async def test_the_only_process_takes_over_at_once_what_its_predecessor_had_in_flight(buses: PostgresHarness) -> None:
    queue, taken, began = a_queue(), Taken(), asyncio.Event()
    doomed = await buses.open([queue], "doomed")

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    await doomed.publish([a_message(queue, "left behind")])
    await doomed.consume(queue.name, hang, dead_letter=DeadLettered())
    await began.wait()
    await buses.crash(doomed)
    pool = await open_pool(buses.dsn, role="ledgerwire_ledger", name="heir")
    bus = await open_bus(pool, queues=[queue], name="heir", sole=True, lease_seconds=3600)
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await eventually(lambda: taken.bodies == ["left behind"], deadline_seconds=LEASE_SECONDS / 2)
    await bus.close()
    await pool.close()


@pytest.mark.parametrize("role", ROLES.values())
async def test_every_service_may_use_the_bus(buses: PostgresHarness, role: str) -> None:
    queue, taken = a_queue(), Taken()
    pool = await open_pool(buses.dsn, role=role, name="service")
    bus = await open_bus(pool, queues=[queue], name="service")
    await bus.publish([a_message(queue, "hello")])
    await bus.consume(queue.name, taken, dead_letter=DeadLettered(), options=ConsumerOptions(prefetch=1, batch_max=1))
    await eventually(lambda: taken.bodies == ["hello"])
    await bus.close()
    await pool.close()


async def test_services_of_one_process_wake_each_other(buses: PostgresHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SWEEP_FIRST_SECONDS", "SWEEP_MAX_SECONDS"):  # no sweep brings what a wake-up did not
        monkeypatch.setattr(consumer, name, 600.0)
    queue, taken, wakeups = a_queue(), Taken(), LocalNotifier()
    pool = await open_pool(buses.dsn, role="ledgerwire_ledger", name="one-process")
    ledger = await open_bus(pool, queues=[queue], name="ledger", wakeups=wakeups)
    ingress = await open_bus(pool, queues=[queue], name="ingress", wakeups=wakeups)
    received: list[bytes] = []
    await ingress.listen("ingress.replies.one", received.append)
    await ledger.consume(queue.name, taken, dead_letter=DeadLettered())
    for number in range(20):
        await ingress.publish([a_message(queue, str(number))])
        await eventually(lambda: len(taken.messages) > number, pause_seconds=0.002)  # noqa: B023  awaited here
    await ledger.notify("ingress.replies.one", [b"hello"])
    assert received == [b"hello"]
    await ingress.close()
    await ledger.notify("ingress.replies.one", [b"nobody"])
    assert received == [b"hello"]
    await ledger.close()
    await pool.close()


@pytest.fixture
async def apart(
    buses: PostgresHarness, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[PostgresBus, PostgresBus]]:
    """The buses of two services that are processes of their own; no sweep comes within a test's time."""
    for name in ("SWEEP_FIRST_SECONDS", "SWEEP_MAX_SECONDS"):
        monkeypatch.setattr(consumer, name, 10_000.0)
    pools = [await open_pool(buses.dsn, role=f"ledgerwire_{name}", name=name) for name in ("ledger", "ingress")]
    one, other = [await open_bus(pool, queues=[APART], name="apart") for pool in pools]
    yield one, other
    for bus, pool in zip((one, other), pools, strict=True):
        await bus.close()
        await pool.close()


async def test_services_of_several_processes_wake_each_other(apart: tuple[PostgresBus, PostgresBus]) -> None:
    (ledger, ingress), taken = apart, Taken()
    received: list[bytes] = []
    await ingress.listen("ingress.replies.one", received.append)
    await ledger.consume(APART.name, taken, dead_letter=DeadLettered())
    for number in range(20):
        await ingress.publish([a_message(APART, str(number))])
        await eventually(lambda: len(taken.messages) > number, pause_seconds=0.002)  # noqa: B023  awaited here
    answers = [secrets.token_bytes(16) for _ in range(1000)]
    await ledger.notify("ingress.replies.one", answers)
    await ledger.notify("ingress.replies.other", [b"for another process"])
    await eventually(lambda: set(answers) == set(received))


async def test_waking_goes_on_after_the_listening_connection_was_cut(
    apart: tuple[PostgresBus, PostgresBus], buses: PostgresHarness
) -> None:
    (ledger, ingress), taken = apart, Taken()
    await ledger.consume(APART.name, taken, dead_letter=DeadLettered())
    await ingress.publish([a_message(APART, "before")])
    await eventually(lambda: taken.bodies == ["before"])
    owner = await asyncpg.connect(buses.dsn)
    cut = await owner.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'ledgerwire-ledger' AND pid <> pg_backend_pid()"
    )
    await owner.close()
    assert cut
    await ingress.publish([a_message(APART, "after")])  # received, or looked for once it listens again
    await eventually(lambda: taken.bodies == ["before", "after"], deadline_seconds=30)


@pytest.mark.long
async def test_a_server_that_was_killed_is_waited_for() -> None:
    async with servers.private_postgres() as server:
        dsn = await server.create_database()
        async with postgres_harness(dsn) as harness:
            queue, taken = a_queue(), Taken()
            bus = await harness.open([queue], secrets.token_hex(4))
            await bus.consume(queue.name, taken, dead_letter=DeadLettered())
            assert list(await bus.publish([a_message(queue, "before")])) == [True]
            await server.kill()
            assert list(await bus.publish([a_message(queue, "lost")])) == [False]
            await eventually(lambda: len(bus.health().problems) == 2)
            await server.start()

            async def published() -> bool:
                return all(await bus.publish([a_message(queue, "after")]))

            await eventually(published)
            await eventually(lambda: {"before", "after"} <= set(taken.bodies))
            await eventually(lambda: bus.health().problems == [])
