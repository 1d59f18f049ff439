"""Notes on clients: input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field, field_validator

from contracts.resources import client, sale
from contracts.resources.client import ClientReference
from contracts.resources.inbox import Actor
from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import LongText, Model, required_if_sent

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


class AddNote(NoteIn):
    """A note, and who wrote it."""

    author: Actor | None = None


class NotePatch(Model):
    """What may change of a note: absent fields stay. Without `needs_response` it holds no reminder back any more."""

    body: LongText | None = Field(default=None, min_length=1)
    pinned: bool | None = None
    needs_response: bool | None = None

    _kept = field_validator("body", "pinned", "needs_response", mode="before")(required_if_sent)


class UpdateNote(NotePatch):
    """A note's id, and what changes of it."""

    id: UUID


class ResolveNote(Model):
    """The note that needs no response any more."""

    id: UUID


class Note(ResponseModel):
    """A note on a client; one that needs a response holds automatic reminders back until `resolved_at`.

    `author` is the caller or the automation that wrote it; null for what the ledger notes by itself.
    """

    id: UUID
    client_id: UUID
    client: ClientReference
    sale_id: UUID | None
    kind: NoteKind
    body: str
    pinned: bool
    needs_response: bool
    resolved_at: dt.datetime | None
    origin: Origin
    author: Actor | None
    created_at: dt.datetime


def from_row(row: Row) -> dict[str, Any]:
    """A note, from `ledger_api.note`."""
    return {
        "id": str(row["id"]),
        **client.reference(row),
        "sale_id": None if row["sale_id"] is None else str(row["sale_id"]),
        **{name: row[name] for name in ("kind", "body", "pinned", "needs_response")},
        "resolved_at": None if row["resolved_at"] is None else row["resolved_at"].isoformat(),
        "origin": row["origin"],
        "author": row["author"],
        "created_at": row["created_at"].isoformat(),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-8f00-7aa0-9dea-9f1a2b3c4d5e",
    "client_id": client.SAMPLE["id"],
    "client": client.REFERENCE_SAMPLE,
    "sale_id": sale.SAMPLE_ID,
    "kind": "note",
    "body": "Asked for the invoice to be sent to the accountant.",
    "pinned": False,
    "needs_response": False,
    "resolved_at": None,
    "origin": "own",
    "author": {"kind": "access_token", "id": "0198f7c4-0b00-7c41-9d84-3f5a6b7c8d9e", "name": "Accounting"},
    "created_at": "2026-03-19T10:00:00+00:00",
}
