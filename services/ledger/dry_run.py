"""Return what a command would change: it is handled inside the batch's transaction and rolled back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from contracts.primitives.ids import derive_id, ids_derived_from
from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_EVENTS
from ledger.quotas.counting import nothing_counted
from outbox.pipeline import BatchEffects, CommandResult
from storage.pool import Connection

Handle = Callable[[Connection, Sequence[Envelope], BatchEffects], Awaitable[None]]

REFUSED_FROM: Final = 400
COMMANDS_MAX: Final = 50  # of one dry run, as the executor sends them
OK: Final = 200


async def answer_dry_runs(
    conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects, handle: Handle
) -> None:
    """Store as result of each `dry_run` command what the command in its data would do.

    The caller has locked the accounts, so that a rollback releases no lock.
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
    savepoint = conn.transaction()
    await savepoint.start()
    try:
        with nothing_counted() if envelope.data.get("uncounted") is True else nullcontext():
            return await _try_in_turn(conn, _commands_of(envelope), schema, handle)
    finally:
        await savepoint.rollback()


async def _try_in_turn(conn: Connection, commands: Sequence[Envelope], schema: str, handle: Handle) -> _Tried | str:
    """What the last of the commands does after the ones before it, or the first refusal.

    What they create has ids of the commands' own, so that a later one may name it.
    """
    tried = _Tried(CommandResult(OK, None), [])
    for command in commands:
        effects = BatchEffects(schema)
        with ids_derived_from(command.id):
            await handle(conn, [command], effects)
        if command.id in effects.refused:
            return effects.refused[command.id]
        _, answer = effects.answers[command.id]
        fired = [_change(one.body) for one in effects.messages if one.queue == DISPATCHER_EVENTS.name]
        tried = _Tried(answer, fired)
        if answer.status >= REFUSED_FROM:
            break
    return tried


def _commands_of(envelope: Envelope) -> list[Envelope]:
    given = envelope.data.get("commands")
    if given is None:
        return [envelope.follow(str(envelope.data.get("command")), dict(envelope.data.get("data") or {}))]
    return [
        envelope.follow(str(one["name"]), dict(one["data"]), identifier=derive_id(UUID(one["id"]), "dry-run"))
        for one in given[:COMMANDS_MAX]
    ]


def _change(body: bytes) -> dict[str, Any]:
    fired = Envelope.decode(body)
    return {"type": fired.name, "data": fired.data["object"]}
