"""What a capability brings to the ledger: its part of the unit of work, its commands and what it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.resources.output import Row
from contracts.urls import PublicUrls
from contracts.wire.envelope import Envelope
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import EntityKind, Participant
from outbox.pipeline import BatchEffects
from storage.pool import Connection

LockFree = Callable[[Connection, Sequence[Envelope], BatchEffects, PublicUrls], Awaitable[None]]
"""Handles all commands of one name in a batch, without the accounts' locks."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What results and events show of one kind of object.

    `select` reads rows of the published view by the arrays $1 of account ids and $2 of ids. `changed_by` are the
    commands about one such object (`id` in their data), which can be made conditional on its state.
    """

    select: str
    present: Callable[[Row, PublicUrls], dict[str, Any]]
    changed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """One entry of `ledger.capabilities`."""

    name: str
    participant: Participant = field(default_factory=Participant)
    entities: Mapping[EntityKind, Entity] = field(default_factory=dict)
    commands: Mapping[str, CommandHandler[Any]] = field(default_factory=dict)
    lock_free: Mapping[str, LockFree] = field(default_factory=dict)
