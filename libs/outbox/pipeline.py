"""The pipeline of every service: consume a batch, handle and commit it in one transaction, publish its messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from opentelemetry.trace import get_tracer
from pydantic import ValidationError

from contracts.wire.envelope import Envelope
from contracts.wire.topology import Queue
from contracts.wire.trace import links
from messaging.port import BatchHandler, Bus, Done, Incoming, Outcome, Outgoing, Refused
from outbox import deduplication
from outbox.record import record
from outbox.relay import Relay
from storage.pool import Connection, Pool

log = structlog.get_logger(__name__)

_TRACER = get_tracer("ledgerwire")


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A command's result: an HTTP status and a JSON body (from 400 up, problem details)."""

    status: int
    body: Any


KEPT_BYTES_MAX = 32 * 1024 * 1024
"""Bytes of one batch's messages that are kept in memory for the direct publish; the sweep publishes the rest."""


@dataclass(slots=True)
class BatchEffects:
    """The effects of a batch besides its own tables: messages to publish and command results."""

    schema: str
    messages: list[Outgoing] = field(default_factory=list)
    answers: dict[UUID, tuple[UUID, CommandResult]] = field(default_factory=dict)  # command id -> (account id, answer)
    refused: dict[UUID, str] = field(default_factory=dict)  # message id -> why it is dead-lettered
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    _written: int = 0  # the messages that are in the outbox already
    _bytes: int = 0

    def send(self, queue: Queue, envelope: Envelope) -> None:
        """Publish this envelope to a queue once the batch is committed."""
        self.messages.append(Outgoing(envelope.id, queue.name, envelope.encode()))

    def answer(self, command: Envelope, status: int, body: Any) -> None:
        """Store a command's result for its caller."""
        self.answers[command.id] = (command.account_id, CommandResult(status, body))

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
            traced = links(envelope.traceparent for envelope in readable)
            with _TRACER.start_as_current_span(f"{self.schema} batch", links=traced):
                effects = await self.commit(readable, handle)
            self.relay.push(effects.messages)
            for call in effects.after_commit:
                _run_after_commit(call)
            await self._wake(readable)
            return [
                envelope
                if isinstance(envelope, Refused)
                else Refused(effects.refused[envelope.id])
                if envelope.id in effects.refused
                else Done()
                for envelope in envelopes
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
                await handle(conn, fresh, effects)
                if effects.refused:
                    # It stays unmarked, for a replay, or a crash before it is dead-lettered.
                    refused = [envelope for envelope in fresh if envelope.id in effects.refused]
                    await deduplication.unmark(conn, schema=self.schema, messages=refused)
                await save_results(conn, schema=self.schema, effects=effects)
                await effects.flush(conn)
        return effects

    async def _wake(self, envelopes: Sequence[Envelope]) -> None:
        # Also for redeliveries: the caller may have missed the first notification.
        waiting: defaultdict[str, list[bytes]] = defaultdict(list)
        for envelope in envelopes:
            if envelope.reply_to is not None:
                waiting[envelope.reply_to].append(envelope.id.bytes)
        for channel, ids in waiting.items():
            await self.bus.notify(channel, ids)


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
