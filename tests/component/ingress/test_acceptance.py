"""The group commit: many requests in one transaction, each with its own verdict, nothing lost and nothing half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import ingress
import messaging
from contracts.primitives.ids import new_id
from contracts.wire.topology import LEDGER_COMMANDS, QUEUES, ROLES
from ingress.acceptance import group_commit
from ingress.acceptance.group_commit import GroupCommit
from ingress.acceptance.store import (
    Acceptance,
    Accepted,
    Document,
    DuplicateMessage,
    Key,
    KeyTaken,
    Replayed,
    Verdict,
)
from ingress.errors import Unavailable
from messaging.gathering import AT_ONCE_AFTER_LONE_WAIT
from messaging.postgres import LocalNotifier, open_bus
from outbox.relay import Relay
from outbox.share import BURST_MAX, ShareMeter
from storage.migrations import migrate
from storage.pool import Pool, open_pool
from tests.support.pace import loop_turns
from tests.support.postgres_server import Postgres
from tests.support.quiet_proxy import quiet_proxy

ACCOUNT = new_id()
STEM = new_id()


def a_request(
    *,
    key: str | None = None,
    says: str = "",
    document: str | None = None,
    content: str = "",
    queue: str | None = LEDGER_COMMANDS.name,
    lineage_id: UUID = STEM,
    reference: str | None = None,
    account_id: UUID = ACCOUNT,
) -> Acceptance:
    """A request; `says` is what its key's hash is made of, `document` and `content` what it is recognised by."""
    identifier = new_id()
    return Acceptance(
        id=identifier,
        account_id=account_id,
        command="receive_inbox_message",
        method="POST",
        path="/ext/direct/inbox/{secret}",
        queue=queue,  # type: ignore[arg-type]  # None breaks its row on purpose
        body=lambda first: f"{identifier} {first}".encode(),
        subject_id=identifier,
        key=Key("", key, says.encode()) if key else None,
        document=_document(lineage_id, document, content, reference) if document else None,
        answer=lambda verdict: f"answer {type(verdict).__name__}".encode(),
    )


def _document(lineage_id: UUID, document: str, content: str, reference: str | None) -> Document:
    return Document(lineage_id, document.encode(), content.encode(), (reference or f"{lineage_id} {document}").encode())


@dataclass(slots=True)
class Commits:
    """A group commit on a real database, and a look at what it wrote."""

    group: GroupCommit
    pool: Pool
    owner: Pool
    pushed: list[UUID] = field(default_factory=list)

    async def all_of(self, *requests: Acceptance) -> list[Any]:
        """Accept all at once; errors are answers."""
        return await asyncio.gather(*(self.group.accept(one) for one in requests), return_exceptions=True)

    async def operations(self) -> set[UUID]:
        """What has an operation."""
        return {row["id"] for row in await self.owner.fetch("SELECT id FROM ingress.operation")}

    async def transactions_of(self, *requests: Acceptance) -> int:
        """How many transactions wrote these."""
        stored = "SELECT count(DISTINCT xmin::text) FROM ingress.operation WHERE id = ANY($1)"
        return int(await self.owner.fetchval(stored, [one.id for one in requests]))

    async def shortly_after_another(self, *requests: Acceptance) -> int:
        """Accept each when the one before, unless it waits, is being committed; return in how many transactions."""
        tasks = []
        for one in requests:
            tasks.append(asyncio.create_task(self.group.accept(one)))
            await loop_turns()
        await asyncio.gather(*tasks)
        return await self.transactions_of(*requests)

    async def outgoing(self) -> dict[UUID, bytes]:
        """What is in the outbox."""
        return {row["id"]: row["body"] for row in await self.owner.fetch("SELECT id, body FROM ingress.outbox")}


class HeldRelay(Relay):
    """A relay that is not started: what is pushed stays where a test can see it."""

    def __init__(self, pool: Pool, commits: list[UUID]) -> None:
        super().__init__(pool, None, schema="ingress")  # type: ignore[arg-type]  # nothing is published
        self.pushed = commits

    def push(self, messages: Any) -> None:
        self.pushed.extend(message.id for message in messages)


@pytest.fixture(scope="module")
async def dsn(postgres: Postgres) -> str:
    address = await postgres.create_database()
    await migrate(address, service="bus", folder=Path(messaging.__file__).with_name("migrations"))
    await migrate(address, service="ingress", folder=Path(ingress.__file__).with_name("migrations"))
    return address


@pytest.fixture
async def commits(dsn: str) -> AsyncIterator[Commits]:
    owner = await open_pool(dsn, role="none", name="test", size_max=2)
    pool = await open_pool(dsn, role=ROLES["ingress"], name="test", size_max=6)
    await owner.execute(
        "TRUNCATE ingress.operation, ingress.outbox, ingress.idempotency,"
        " ingress.message_dedup_key, ingress.message_variant"
    )
    pushed: list[UUID] = []
    relay = HeldRelay(pool, pushed)
    yield Commits(GroupCommit(pool, relay, commit_seconds=3, waiting_max=1000), pool, owner, pushed)
    await pool.close()
    await owner.close()


async def test_what_comes_at_once_shares_a_transaction(commits: Commits) -> None:
    requests = [a_request() for _ in range(200)]
    verdicts = await commits.all_of(*requests)
    assert verdicts == [Accepted(one.id) for one in requests]
    assert await commits.operations() == {one.id for one in requests} == set(commits.pushed)
    assert await commits.transactions_of(*requests) <= 5
    assert (await commits.outgoing())[requests[0].id] == f"{requests[0].id} None".encode()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for company end long after it came, and no share is regained, however busy the machine is."""
    monkeypatch.setattr(group_commit, "BUSY_WAIT_SECONDS", 0.5)
    monkeypatch.setattr(group_commit, "ShareMeter", partial(ShareMeter, clock=lambda: 0.0))


@pytest.mark.usefixtures("patient")
async def test_requests_of_an_account_over_its_share_wait_for_company(commits: Commits) -> None:
    assert await commits.shortly_after_another(a_request(), a_request()) == 2
    await commits.all_of(*(a_request() for _ in range(BURST_MAX)))
    assert await commits.shortly_after_another(a_request(), a_request()) == 1


@pytest.mark.usefixtures("patient")
async def test_they_go_with_what_another_account_commits_at_once(commits: Commits) -> None:
    await commits.all_of(*(a_request() for _ in range(BURST_MAX)))
    assert await commits.shortly_after_another(a_request(), a_request(account_id=new_id()), a_request()) == 2


@pytest.mark.usefixtures("patient")
async def test_one_who_sends_each_request_after_the_answer_to_the_one_before_seldom_waits(commits: Commits) -> None:
    await commits.all_of(*(a_request() for _ in range(2 * BURST_MAX)))
    await commits.group.accept(a_request())  # waited, and no other came
    for _ in range(AT_ONCE_AFTER_LONE_WAIT // 2):
        assert await commits.shortly_after_another(a_request(), a_request()) == 2
    assert await commits.shortly_after_another(a_request(), a_request()) == 1


async def test_every_kind_of_verdict_comes_out_of_one_group(commits: Commits) -> None:
    first = a_request(key="k", says="a", document="d", content="1")
    assert await commits.group.accept(first) == Accepted(first.id)
    plain = a_request()
    replayed = a_request(key="k", says="a", document="d", content="1")
    taken = a_request(key="k", says="b", document="e", content="1")
    duplicate = a_request(document="d", content="1")
    variant = a_request(document="d", content="2")
    keyed_duplicate = a_request(key="l", says="l", document="d", content="1")
    keyed_variant = a_request(key="m", says="m", document="d", content="3")
    verdicts = await commits.all_of(plain, replayed, taken, duplicate, variant, keyed_duplicate, keyed_variant)
    assert verdicts == [
        Accepted(plain.id),
        Replayed(first.id, b"answer Accepted"),
        KeyTaken(),
        DuplicateMessage(first.id),
        Accepted(variant.id, duplicate_of=first.id),
        DuplicateMessage(first.id),
        Accepted(keyed_variant.id, duplicate_of=first.id),
    ]
    stored = {first.id, plain.id, variant.id, keyed_variant.id}
    assert await commits.operations() == stored == set(await commits.outgoing()) == set(commits.pushed)
    assert (await commits.outgoing())[variant.id] == f"{variant.id} {first.id}".encode()
    again = [a_request(key="l", says="l", document="d", content="1"), a_request(key="m", says="m", document="x")]
    assert await commits.all_of(*again) == [
        Replayed(keyed_duplicate.id, b"answer DuplicateMessage"),
        Replayed(keyed_variant.id, b"answer Accepted"),
    ]


async def test_one_key_twice_in_a_group_has_one_effect(commits: Commits) -> None:
    requests = [a_request(key="same", says="x") for _ in range(30)] + [a_request(key="same", says="y")]
    verdicts = await commits.all_of(*requests)
    (accepted,) = [verdict for verdict in verdicts if isinstance(verdict, Accepted)]
    assert verdicts.count(Replayed(accepted.id, b"answer Accepted")) == 29
    assert verdicts[-1] == KeyTaken()
    assert await commits.operations() == {accepted.id}


async def test_one_document_twice_in_a_group_is_one_message(commits: Commits) -> None:
    requests = [a_request(document="same", content="x") for _ in range(30)]
    verdicts = await commits.all_of(*requests)
    (accepted,) = [verdict for verdict in verdicts if isinstance(verdict, Accepted)]
    assert verdicts.count(DuplicateMessage(accepted.id)) == 29
    assert await commits.operations() == {accepted.id}


async def test_a_row_that_cannot_be_written_does_not_harm_its_group(commits: Commits) -> None:
    good = [a_request(document=f"d{number}") for number in range(10)]
    bad = a_request(queue=None)
    verdicts = await commits.all_of(*good[:5], bad, *good[5:])
    assert isinstance(verdicts.pop(5), asyncpg.NotNullViolationError)
    assert verdicts == [Accepted(one.id) for one in good]
    assert await commits.operations() == {one.id for one in good}


@pytest.mark.parametrize("given", [{}, {"document": "same"}, {"key": "same"}, {"key": "same", "document": "same"}])
async def test_requests_of_one_moment_share_a_transaction(commits: Commits, given: dict[str, Any]) -> None:
    made: list[dict[str, Any]] = [{name: f"{name} {number}" for name in given} for number in range(40)]
    requests = [a_request(**one) for one in made]
    await commits.all_of(*requests)
    assert await commits.transactions_of(*requests) <= 2  # the first may go at once


async def test_a_key_whose_request_failed_is_free(commits: Commits) -> None:
    (error,) = await commits.all_of(a_request(key="free", says="x", queue=None))
    assert isinstance(error, asyncpg.NotNullViolationError)
    second = a_request(key="free", says="y")
    assert await commits.all_of(second) == [Accepted(second.id)]


async def test_groups_from_several_processes_agree(commits: Commits, dsn: str) -> None:
    pools = [await open_pool(dsn, role=ROLES["ingress"], name="test", size_max=4) for _ in range(3)]
    groups = [GroupCommit(pool, HeldRelay(pool, []), commit_seconds=10, waiting_max=1000) for pool in pools]
    tries: list[Acceptance] = []
    waits = []
    for number in range(120):
        for group in groups:
            one = a_request(key=f"k{number % 40}", says="x", document=f"d{(number * 7) % 30}", content="c")
            tries.append(one)
            waits.append(group.accept(one))
    verdicts: list[Verdict] = await asyncio.gather(*waits)
    accepted = {verdict.id for verdict in verdicts if isinstance(verdict, Accepted)}
    assert accepted == await commits.operations()
    taken = [(one.key.key, one.document.identity) for one in tries if one.id in accepted and one.key and one.document]
    keys, documents = {key for key, _ in taken}, {document for _, document in taken}
    assert len(keys) == len(documents) == len(taken)
    # Which of two comes first is chance; the other one met the same document, or the key of one that was not replayed.
    by_id = {one.id: (one, verdict) for one, verdict in zip(tries, verdicts, strict=True)}
    for one, verdict in by_id.values():
        match verdict:
            case DuplicateMessage(first):
                assert first in accepted
                assert by_id[first][0].document == one.document
            case Replayed(first):
                assert by_id[first][0].key == one.key
                assert not isinstance(by_id[first][1], Replayed)
            case _:
                assert verdict == Accepted(one.id)
    for pool in pools:
        await pool.close()


async def test_a_request_that_may_have_been_committed_is_found_by_its_retry(commits: Commits) -> None:
    one = a_request(key="k", says="x", document="d", content="c")
    assert await commits.all_of(one) == [Accepted(one.id)]
    # The same acceptance again, as after a connection that broke between the commit and its answer.
    assert await commits.all_of(one) == [Accepted(one.id)]
    assert await commits.operations() == {one.id}


async def test_too_many_waiting_are_turned_away(dsn: str) -> None:
    pool = await open_pool(dsn, role=ROLES["ingress"], name="test", size_max=2)
    group = GroupCommit(pool, HeldRelay(pool, []), commit_seconds=5, waiting_max=10)
    verdicts = await asyncio.gather(*(group.accept(a_request()) for _ in range(15)), return_exceptions=True)
    refused = [verdict for verdict in verdicts if isinstance(verdict, Unavailable)]
    assert len(refused) == 5
    assert refused[0].headers["Retry-After"]
    await pool.close()


async def test_a_database_that_hangs_is_waited_for_within_bounds(dsn: str) -> None:
    async with quiet_proxy(dsn) as (proxy, through):
        pool = await open_pool(through, role=ROLES["ingress"], name="test", size_max=2)
        group = GroupCommit(pool, HeldRelay(pool, []), commit_seconds=0.4, waiting_max=1000)
        assert isinstance(await group.accept(a_request()), Accepted)
        proxy.silence()
        async with asyncio.timeout(30):  # the database never answers
            errors = await asyncio.gather(*(group.accept(a_request()) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(error, (Unavailable, TimeoutError)) for error in errors), errors
        proxy.speak()
        pool.terminate()


async def test_a_session_cut_while_idle_fails_no_request(commits: Commits) -> None:
    await commits.all_of(*(a_request() for _ in range(5)))
    await commits.owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    requests = [a_request(document=f"after{number}") for number in range(20)]
    assert await commits.all_of(*requests) == [Accepted(one.id) for one in requests]


async def test_what_is_accepted_reaches_the_queue(dsn: str) -> None:
    pool = await open_pool(dsn, role=ROLES["ingress"], name="test", size_max=6)
    bus = await open_bus(pool, queues=QUEUES, name="test", wakeups=LocalNotifier())
    relay = Relay(pool, bus, schema="ingress")
    relay.start()
    group = GroupCommit(pool, relay, commit_seconds=5, waiting_max=1000)
    requests = [a_request(lineage_id=new_id(), document="d") for _ in range(30)]
    await asyncio.gather(*(group.accept(one) for one in requests))
    await relay.stop(5)
    rows = await pool.fetch("SELECT stable_id FROM bus.message WHERE queue = $1", LEDGER_COMMANDS.name)
    assert {row["stable_id"] for row in rows} >= {one.id for one in requests}
    await bus.close()
    await pool.close()
