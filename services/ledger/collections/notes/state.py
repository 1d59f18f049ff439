"""What a batch reads, holds and changes of notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.clients.state import LoadedClients
from ledger.collections.notes.models import Note
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class NotePlan:
    """Which notes are to be read."""

    ids: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class NoteChanges:
    """The changes of one command: new and changed notes."""

    notes: dict[UUID, Note] = field(default_factory=dict)


@dataclass(slots=True)
class LoadedNotes:
    """Notes after the commands handled so far."""

    notes: dict[Key, Note] = field(default_factory=dict)


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    for note in changes[NoteChanges].notes.values():
        state[LoadedNotes].notes[ctx.key(note.id)] = note
        state[LoadedClients].referred.add(ctx.key(note.client_id))
