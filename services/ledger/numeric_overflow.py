"""Refuse numeric overflows of Postgres: an amount out of its range is an input error.

The rules refuse such amounts earlier; this is the last resort, outside the batch's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg.exceptions import NumericValueOutOfRangeError

from contracts.command_errors import InvalidInput
from contracts.wire.envelope import Envelope
from ledger import consumer
from messaging.port import BatchHandler, Incoming, Outcome
from outbox.pipeline import BatchEffects, HandleBatch, MessagePipeline
from storage.pool import Connection


def refuse_numeric_overflow(pipeline: MessagePipeline, handle: HandleBatch) -> BatchHandler:
    """Wrap `handle` as a bus handler that refuses with 422 a command whose numbers do not fit.

    A batch that fails is offered one message at a time, so only the one at fault is refused.
    """
    take, refuse = pipeline.handler(handle), pipeline.handler(_refuse)

    async def guarded_take(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        try:
            return await take(messages)
        except NumericValueOutOfRangeError:
            if len(messages) > 1:
                raise
        return await refuse(messages)

    return guarded_take


async def _refuse(conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
    refusal = InvalidInput("A number is larger than the ledger can hold: send smaller amounts.")
    await consumer.refuse(conn, envelopes, refusal, effects)
