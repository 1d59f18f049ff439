"""Commit the results of attempts, many in one transaction.

Successes share one statement with all that finished together. Failures also update the queues, cancel pending
deliveries of an ended hook, and notify the dispatcher through the outbox.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

import structlog
from prometheus_client import Counter, Histogram

from action_executor.deliveries import queue_store, store
from action_executor.deliveries.cancellation import Cancellation, end_hook
from action_executor.deliveries.queue import BreakerDecision
from action_executor.deliveries.records import ClaimedDelivery, DeliveryResult, Key, QueueUpdate, State
from action_executor.deliveries.rules import (
    FAILURES_TO_DISABLE,
    Cancelled,
    GivenUp,
    HookGone,
    Succeeded,
    TryAgain,
    excerpt,
)
from action_executor.deliveries.scheduler import DeliveryScheduler
from action_executor.deliveries.sender import Attempted
from action_executor.http_client import OutboundResponse
from messaging.port import Outgoing
from outbox.record import record
from outbox.relay import Relay
from storage.pool import Connection, Pool
from storage.transient import is_transient

log = structlog.get_logger(__name__)

ATTEMPTS = Counter("ledgerwire_delivery_attempts_total", "Delivery attempts settled", ["outcome"])
ATTEMPT_SECONDS = Histogram(
    "ledgerwire_delivery_attempt_seconds",
    "Response time of receivers",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)

BATCH_MAX: Final = 300
GATHER_SECONDS: Final = 0.015  # the receiver has its event: a few more results may share this commit
TRANSIENT_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt with the breaker's decision, and whether a success must be recorded."""

    item: ClaimedDelivery
    attempted: Attempted
    decision: BreakerDecision
    note_success: bool


@dataclass(slots=True)
class Plan:
    """What one transaction is to write."""

    rows: list[DeliveryResult]
    notes: dict[Key, QueueUpdate]
    well: dict[Key, int]  # the hook's version that answered well
    cancellations: dict[Key, Cancellation]
    cancelled: dict[Key, str]

    @property
    def plain(self) -> bool:
        """Whether there is nothing but rows: then one statement does."""
        return not (self.notes or self.well or self.cancellations or self.cancelled)


class ResultWriter:
    """Gathers finished attempts and commits them."""

    def __init__(
        self,
        pool: Pool,
        relay: Relay,
        scheduler: DeliveryScheduler,
        *,
        disable_after_seconds: float,
        on_due: Callable[[], None],
    ) -> None:
        self._pool, self._relay, self._scheduler = pool, relay, scheduler
        self._disable_after_seconds = disable_after_seconds
        self._on_due = on_due
        self._waiting: list[Finished] = []
        self._wake = asyncio.Event()
        self._stopping = False

    def put(self, finished: Finished) -> None:
        """Add a finished attempt."""
        self._waiting.append(finished)
        self._wake.set()

    def stop(self) -> None:
        """End `run` once everything is committed."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Commit until stopped."""
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                if not self._stopping:
                    await asyncio.sleep(GATHER_SECONDS)
                continue
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            await self._commit_surely(batch)
            self._scheduler.settled([finished.item for finished in batch])

    async def _commit_surely(self, batch: Sequence[Finished]) -> None:
        """Commit, retrying transient errors, as long as any lease holds; then other workers own the deliveries."""
        while batch:
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001  what is not a transient error is looked at one by one
                batch = await self._after(error, batch)
            else:
                return

    async def _after(self, error: Exception, batch: Sequence[Finished]) -> Sequence[Finished]:
        """What of a batch that failed is to be tried again together."""
        if is_transient(error):
            log.warning("settle_failed", error=repr(error), results=len(batch))
            await asyncio.sleep(TRANSIENT_PAUSE_SECONDS)
            return [finished for finished in batch if finished.item.lease_ends > time.monotonic()]
        if len(batch) == 1:
            log.error("result_not_settled", delivery_id=str(batch[0].item.id), exc_info=error)
        else:
            for finished in batch:
                await self._commit_surely([finished])
        return []

    async def _commit(self, batch: Sequence[Finished]) -> None:
        plan = self._plan(batch)
        if plan.plain:
            await store.save_results(self._pool, plan.rows)
        else:
            messages = await self._commit_whole(plan)
            self._relay.push(messages)
            self._on_due()
        self._count(batch)

    async def _commit_whole(self, plan: Plan) -> list[Outgoing]:
        async with self._pool.acquire() as conn, conn.transaction():
            await queue_store.lock(conn, [*plan.notes, *plan.well, *plan.cancellations, *plan.cancelled])
            await self._note(conn, plan)
            await store.save_results(conn, plan.rows)
            ended = [row.item for row in plan.rows if row.item.ordered and row.state != "pending"]
            await queue_store.release_next(conn, ended)
            for key, reason in plan.cancelled.items():
                await store.cancel_pending(conn, key, reason=reason)
            messages = []
            for ending in plan.cancellations.values():
                reason = f"the hook ended: {ending.reason}"
                await store.cancel_pending(conn, ending.item.key, reason=reason, version=ending.version)
                messages.append(end_hook(ending))
            await record(conn, schema="execution", messages=messages)
        return messages

    async def _note(self, conn: Connection, plan: Plan) -> None:
        """Update the queues; a hook with only failures for too long ends here."""
        items = {row.item.key: row.item for row in plan.rows}
        versions = {key: note.version for key, note in plan.notes.items()}
        for row in await queue_store.update_queues(conn, list(plan.notes.values())):
            key = (row["account_id"], row["hook_id"])
            failing = row["failing_seconds"] or 0.0
            if failing >= self._disable_after_seconds and row["failures"] >= FAILURES_TO_DISABLE:
                days = f"only failures for {failing / 86_400:.1f} days"
                plan.cancellations.setdefault(key, Cancellation(items[key], versions[key], "disabled", days))
        await queue_store.reset_queues(conn, plan.well)

    def _plan(self, batch: Sequence[Finished]) -> Plan:
        plan = Plan([], {}, {}, {}, {})
        for finished in batch:
            row = _row(finished)
            plan.rows.append(row)
            item, attempted = finished.item, finished.attempted
            match attempted.verdict:
                case Succeeded():
                    if finished.note_success:
                        plan.well[item.key] = max(attempted.version, plan.well.get(item.key, 0))
                case TryAgain() | GivenUp():
                    _add_note(plan, finished, failures=int(finished.decision.is_failure), due_in=row.due_in)
                case HookGone(reason):
                    plan.cancellations[item.key] = Cancellation(item, attempted.version, "removed", reason)
                case Cancelled(reason):
                    plan.cancelled[item.key] = reason
                case _:
                    assert_never(attempted.verdict)
            if item.ordered:
                # Its client's next one may go now.
                _add_note(plan, finished, failures=0, due_in=0.0)
        return plan

    def _count(self, batch: Sequence[Finished]) -> None:
        for finished in batch:
            ATTEMPTS.labels(type(finished.attempted.verdict).__name__).inc()
            if finished.attempted.requested:
                ATTEMPT_SECONDS.observe(finished.attempted.seconds)


def _add_note(plan: Plan, finished: Finished, *, failures: int, due_in: float | None) -> None:
    item, decision = finished.item, finished.decision
    note = QueueUpdate(item.key, item.ordered, due_in, failures, decision.open_seconds, finished.attempted.version)
    before = plan.notes.get(item.key)
    plan.notes[item.key] = note if before is None else _joined(before, note)


def _joined(one: QueueUpdate, other: QueueUpdate) -> QueueUpdate:
    """Merge two updates of one queue; failures only of the hook's newest version."""
    newest = max(one.version, other.version)
    recorded = [note for note in (one, other) if note.version == newest]
    return QueueUpdate(
        one.key,
        one.ordered or other.ordered,
        min((note.due_in for note in (one, other) if note.due_in is not None), default=None),
        sum(note.failures for note in recorded),
        max(note.open_seconds for note in recorded),
        newest,
    )


def _row(finished: Finished) -> DeliveryResult:
    item, attempted = finished.item, finished.attempted
    verdict, result = attempted.verdict, attempted.result
    if isinstance(verdict, Cancelled):
        return DeliveryResult(item, "cancelled", None, verdict.reason)
    return DeliveryResult(
        item,
        _state(verdict),
        verdict.seconds if isinstance(verdict, TryAgain) else None,
        None if isinstance(verdict, Succeeded) else verdict.reason,
        attempted.started_at,
        attempted.finished_at,
        result.status if isinstance(result, OutboundResponse) else None,
        excerpt(result.body) if isinstance(result, OutboundResponse) else None,
    )


def _state(verdict: Succeeded | TryAgain | GivenUp | HookGone) -> State:
    match verdict:
        case Succeeded():
            return "succeeded"
        case TryAgain():
            return "pending"
        case GivenUp() | HookGone():
            return "failed"
        case _:
            assert_never(verdict)
