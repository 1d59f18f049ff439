"""What is recorded about collecting from clients: notes and disputes, as callers send them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.resources.schemas import LongText, Model

NoteKind = Literal["note", "call", "dispute"]
Origin = Literal["own", "external"]
"""`external`: another collections system reports it; the triggers fire alike."""


class NoteIn(Model):
    """A note on a client."""

    client_id: UUID
    body: LongText = Field(min_length=1)
    sale_id: UUID | None = None
    kind: NoteKind = "note"
    pinned: bool = False
    needs_response: bool = Field(default=False, description="no reminder goes out before it is resolved")
    origin: Origin = "own"


class ResolveNote(Model):
    """Which note needs no response any more."""

    id: UUID


class DisputeIn(Model):
    """Which invoice is disputed, and why."""

    sale_id: UUID
    reason: LongText = Field(min_length=1)
    note: LongText | None = Field(default=None, min_length=1, description="more about it, in the note that it makes")


class ResolveDisputeIn(Model):
    """How a dispute ended."""

    resolution: LongText | None = Field(default=None, description="such as accepted, credited, rejected")
    note: LongText | None = Field(default=None, min_length=1, description="made a note on the client")


class ResolveDispute(ResolveDisputeIn):
    """Which dispute is over, and how."""

    id: UUID
