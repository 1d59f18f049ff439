"""The pipeline of every service: consume a batch, handle and commit it in one transaction, publish its messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Histogram
from pydantic import ValidationError

from contracts.wire.envelope import Envelope
from contracts.wire.topology import Queue
from contracts.wire.trace import message_spans
from contracts.wire.versions import version_of
from messaging.port import BatchHandler, Bus, Done, Incoming, Outcome, Outgoing, Refused, RetryLater
from outbox import deduplication
from outbox.record import record
from outbox.relay import Relay
from storage.pool import Connection, Pool

log = structlog.get_logger(__name__)

QUEUE_AGE = Histogram(
    "ledgerwire_queue_age_seconds",
    "The age of the oldest message of a batch when it is handled",
    ["queue"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A command's result: an HTTP status and a JSON body (from 400 up, problem details)."""

    status: int
    body: Any


NEWER_CODE_MAX = timedelta(hours=1)
"""How long a message of unknown name or version waits for a process that knows it."""

KEPT_BYTES_MAX = 32 * 1024 * 1024
"""Bytes of one batch's messages that are kept in memory for the direct publish; the sweep publishes the rest."""


@dataclass(slots=True)
class BatchEffects:
    """The effects of a batch besides its own tables: messages to publish and command results."""

    schema: str
    messages: list[Outgoing] = field(default_factory=list)
    answers: dict[UUID, tuple[UUID, CommandResult]] = field(default_factory=dict)  # command id -> (account id, answer)
    refused: dict[UUID, str] = field(default_factory=dict)  # message id -> why it is dead-lettered
    postponed: dict[UUID, str] = field(default_factory=dict)  # message id -> why newer code is awaited
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    woken: list[tuple[str, UUID]] = field(
        default_factory=list
    )  # by which channel a caller is notified, and of which command
    _written: int = 0  # the messages that are in the outbox already
    _bytes: int = 0

    def send(self, queue: Queue, envelope: Envelope) -> None:
        """Publish this envelope to a queue once the batch is committed."""
        self.messages.append(Outgoing(envelope.id, queue.name, envelope.encode()))

    def answer(self, command: Envelope, status: int, body: Any) -> None:
        """Store a command's result for its caller, and wake them; `command` may be an earlier one than this batch's."""
        self.answers[command.id] = (command.account_id, CommandResult(status, body))
        if command.reply_to is not None:
            self.woken.append((command.reply_to, command.id))

    def leave_to_newer(self, message: Envelope, reason: str) -> None:
        """Leave a message that this code does not know to newer code; dead-letter it if none has come for an hour.

        While services are rolled over, messages of new code reach processes of old code.
        """
        waited = datetime.now(tz=UTC) - message.at
        (self.postponed if waited < NEWER_CODE_MAX else self.refused)[message.id] = reason

    async def flush(self, conn: Connection) -> None:
        """Write the pending messages to the outbox; a handler with very many calls it in between, to bound memory."""
        fresh = self.messages[self._written :]
        await record(conn, schema=self.schema, messages=fresh)
        self._bytes += sum(len(message.body) for message in fresh)
        if self._bytes > KEPT_BYTES_MAX:
            del self.messages[self._written :]
        self._written = len(self.messages)


HandleBatch = Callable[[Connection, Sequence[Envelope], BatchEffects], Awaitable[None]]
"""Handles the fresh messages of a batch on a connection inside a transaction; fills the effects.

Raising rolls the whole batch back; the messages are then offered one at a time."""


@dataclass(frozen=True, slots=True)
class MessagePipeline:
    """One service's pool, bus and relay, as its consumers use them."""

    pool: Pool
    bus: Bus
    relay: Relay
    schema: str

    def handler(self, handle: HandleBatch) -> BatchHandler:
        """Wrap `handle` as a bus handler: deduplication marks, effects, results and messages commit together."""

        async def take(messages: Sequence[Incoming]) -> Sequence[Outcome]:
            envelopes = [_decode(message) for message in messages]
            readable = [envelope for envelope in envelopes if isinstance(envelope, Envelope)]
            _observe_age(messages, readable)
            with message_spans(self.schema, readable) as traced:
                effects = await self.commit(traced, handle)
            self.relay.push(effects.messages)
            for call in effects.after_commit:
                _run_after_commit(call)
            await self._wake(readable, effects)
            return [
                envelope if isinstance(envelope, Refused) else _outcome_of(envelope, effects) for envelope in envelopes
            ]

        return take

    async def commit(self, envelopes: Sequence[Envelope], handle: HandleBatch) -> BatchEffects:
        """Handle the new ones among `envelopes` in one transaction."""
        effects = BatchEffects(self.schema)
        if not envelopes:
            return effects
        async with self.pool.acquire() as conn, conn.transaction():
            fresh = await deduplication.mark(conn, schema=self.schema, messages=envelopes)
            if fresh:
                if readable := [envelope for envelope in fresh if _is_known_version(envelope, effects)]:
                    await handle(conn, readable, effects)
                if unhandled := effects.refused.keys() | effects.postponed.keys():
                    # They stay unmarked, for a replay, or a crash before they are dead-lettered.
                    left = [envelope for envelope in fresh if envelope.id in unhandled]
                    await deduplication.unmark(conn, schema=self.schema, messages=left)
                await save_results(conn, schema=self.schema, effects=effects)
                await effects.flush(conn)
        return effects

    async def _wake(self, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        # Also for redeliveries: the caller may have missed the first notification.
        taken = [(envelope.reply_to, envelope.id) for envelope in envelopes if envelope.reply_to is not None]
        waiting: defaultdict[str, list[bytes]] = defaultdict(list)
        for channel, command_id in dict.fromkeys([*taken, *effects.woken]):
            waiting[channel].append(command_id.bytes)
        for channel, ids in waiting.items():
            await self.bus.notify(channel, ids)


def _observe_age(messages: Sequence[Incoming], readable: Sequence[Envelope]) -> None:
    if readable:
        oldest = min(envelope.at for envelope in readable)
        age = (datetime.now(tz=UTC) - oldest).total_seconds()
        QUEUE_AGE.labels(messages[0].queue).observe(max(age, 0.0))


def _is_known_version(envelope: Envelope, effects: BatchEffects) -> bool:
    if envelope.version <= version_of(envelope.name):
        return True
    effects.leave_to_newer(envelope, f"{envelope.name} has version {envelope.version}, which newer code reads")
    return False


def _outcome_of(envelope: Envelope, effects: BatchEffects) -> Outcome:
    if (reason := effects.refused.get(envelope.id)) is not None:
        return Refused(reason)
    if (reason := effects.postponed.get(envelope.id)) is not None:
        return RetryLater(reason)
    return Done()


def _run_after_commit(call: Callable[[], None]) -> None:
    """Run after-commit callbacks; a failing callback is logged and never affects the batch."""
    try:
        call()
    except Exception:
        log.exception("after_commit_failed")


def _decode(message: Incoming) -> Envelope | Refused:
    try:
        return Envelope.decode(message.body)
    except ValidationError as error:
        return Refused(f"not an envelope: {error.error_count()} faults, first: {error.errors()[0]['msg']}")


async def save_results(conn: Connection, *, schema: str, effects: BatchEffects) -> None:
    """Insert the outcomes: `outcome(account_id, command_id, status, body, committed_at)`."""
    if not effects.answers:
        return
    await conn.execute(
        f"INSERT INTO {schema}.outcome (account_id, command_id, status, body)"  # noqa: S608  constant of the service
        " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::jsonb[]) ON CONFLICT DO NOTHING",
        [account_id for account_id, _ in effects.answers.values()],
        list(effects.answers),
        [answer.status for _, answer in effects.answers.values()],
        [answer.body for _, answer in effects.answers.values()],
    )
