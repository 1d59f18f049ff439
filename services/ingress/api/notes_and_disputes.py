"""`/v1/notes` and `/v1/disputes`: what is noted of clients, and which invoices they do not accept."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from contracts.resources import dispute, note
from contracts.resources.dispute import Dispute, DisputeIn, ResolveDisputeIn
from contracts.resources.note import Note, NoteIn, NoteKind, NotePatch
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.api.resource_handlers import changing, creating, getting, listing
from ingress.http.route import Page, Route
from ingress.views import queries


class NoteFilter(Model):
    """Which notes; `needs_response: true` those that hold reminders back."""

    client_id: UUID | None = None
    sale_id: UUID | None = None
    kind: NoteKind | None = None
    needs_response: bool | None = None


class NoteQuery(NoteFilter, Page):
    """Which notes, page by page."""


class DisputeFilter(Model):
    """Which disputes."""

    client_id: UUID | None = None
    sale_id: UUID | None = None
    state: Literal["open", "resolved"] | None = None


class DisputeQuery(DisputeFilter, Page):
    """Which disputes, page by page."""


ROUTES = (
    Route(
        "POST", "/v1/notes", "createNote", creating(commands.ADD_NOTE), "write", "Add a note to a client",
        body=NoteIn, response_model=Note, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/notes", "listNotes", listing(queries.NOTES, note.from_row), "read", "List notes",
        query=NoteQuery, response_model=ResourcePage[Note], tag="collections",
    ),
    Route(
        "GET", "/v1/notes/{id}", "getNote", getting(queries.NOTES, note.from_row),
        "read", "Get a note", response_model=Note, tag="collections",
    ),
    Route(
        "PATCH", "/v1/notes/{id}", "updateNote", changing(commands.UPDATE_NOTE), "write",
        "Change a note: only what is sent", body=NotePatch, response_model=Note, tag="collections",
    ),
    Route(
        "POST", "/v1/notes/{id}/resolve", "resolveNote", changing(commands.RESOLVE_NOTE), "write",
        "A note needs no response any more", response_model=Note, tag="collections",
    ),
    Route(
        "POST", "/v1/disputes", "openDispute", creating(commands.OPEN_DISPUTE), "write", "Mark an invoice as disputed",
        body=DisputeIn, response_model=Dispute, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/disputes", "listDisputes", listing(queries.DISPUTES, dispute.from_row), "read", "List disputes",
        query=DisputeQuery, response_model=ResourcePage[Dispute], tag="collections",
    ),
    Route(
        "GET", "/v1/disputes/{id}", "getDispute", getting(queries.DISPUTES, dispute.from_row), "read", "Get a dispute",
        response_model=Dispute, tag="collections",
    ),
    Route(
        "POST", "/v1/disputes/{id}/resolve", "resolveDispute", changing(commands.RESOLVE_DISPUTE), "write",
        "A dispute is over: its invoice is collected again", body=ResolveDisputeIn, response_model=Dispute,
        tag="collections",
    ),
)  # fmt: skip
