"""Compare `If-Match` of a command with the resource's state under the account's lock: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.command_errors import CommandError, PreconditionFailed
from contracts.etag import matches
from ledger.capabilities import SUBJECTS
from ledger.unit_of_work.state import CommandContext, EntityKind, Key, Shown


def compared(readable: Sequence[CommandContext[Any]]) -> Mapping[EntityKind, set[Key]]:
    """The resources of conditional commands."""
    wanted: dict[EntityKind, set[Key]] = defaultdict(set)
    for kind, ctx in _conditional(readable):
        wanted[kind].add(ctx.key(ctx.input.id))
    return wanted


def unmet(readable: Sequence[CommandContext[Any]], representations: Shown) -> dict[UUID, CommandError]:
    """Refusals, by command id, of commands whose resource has another state; absent ones are refused later."""
    refusals: dict[UUID, CommandError] = {}
    for kind, ctx in _conditional(readable):
        now = representations.get((kind, ctx.key(ctx.input.id)))
        if now is not None and not matches(ctx.envelope.if_match or (), now):
            refusals[ctx.envelope.id] = PreconditionFailed()
    return refusals


def _conditional(readable: Sequence[CommandContext[Any]]) -> Iterator[tuple[EntityKind, CommandContext[Any]]]:
    for ctx in readable:
        if ctx.envelope.if_match is not None and ctx.envelope.name in SUBJECTS:
            yield SUBJECTS[ctx.envelope.name], ctx
