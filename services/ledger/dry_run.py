"""Say what a command would change: it is handled inside the batch's transaction and rolled back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_EVENTS
from outbox.pipeline import BatchEffects, CommandResult
from storage.pool import Connection

Handle = Callable[[Connection, Sequence[Envelope], BatchEffects], Awaitable[None]]

REFUSED_FROM: Final = 400
OK: Final = 200


async def answer_dry_runs(
    conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects, handle: Handle
) -> None:
    """Answer each of these `dry_run` commands with what the command in its data would do.

    The accounts are locked by the caller, so that a rollback gives no lock away.
    """
    for envelope in envelopes:
        tried = await _try(conn, envelope, effects.schema, handle)
        if isinstance(tried, str):
            effects.refused[envelope.id] = tried
        elif tried.answer.status >= REFUSED_FROM:
            effects.answer(envelope, tried.answer.status, tried.answer.body)
        else:
            effects.answer(envelope, OK, {"dry_run": True, "would": tried.answer.body, "changes": tried.changes})


@dataclass(frozen=True, slots=True)
class _Tried:
    """The result that a command would have, and the events that it would fire."""

    answer: CommandResult
    changes: list[dict[str, Any]]


async def _try(conn: Connection, envelope: Envelope, schema: str, handle: Handle) -> _Tried | str:
    command = envelope.follow(str(envelope.data.get("command")), dict(envelope.data.get("data") or {}))
    effects = BatchEffects(schema)
    savepoint = conn.transaction()
    await savepoint.start()
    try:
        await handle(conn, [command], effects)
    finally:
        await savepoint.rollback()
    if command.id in effects.refused:
        return effects.refused[command.id]
    _, answer = effects.answers[command.id]
    return _Tried(answer, [_change(one.body) for one in effects.messages if one.queue == DISPATCHER_EVENTS.name])


def _change(body: bytes) -> dict[str, Any]:
    fired = Envelope.decode(body)
    return {"type": fired.name, "data": fired.data["object"]}
