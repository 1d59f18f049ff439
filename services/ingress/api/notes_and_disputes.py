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
from ingress.api.transition_routes import moving
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


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


async def add_note(api: Api, call: Request) -> Response:
    """Note something about a client."""
    return await api.submit(call, commands.ADD_NOTE, call.body_as(NoteIn).model_dump(mode="json"))


async def list_notes(api: Api, call: Request) -> Response:
    """List notes, newest first."""
    requested = call.query_as(NoteQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.NOTES, note.from_row, **requested)


async def get_note(api: Api, call: Request) -> Response:
    """Get one note."""
    return await responses.one(api, call, queries.NOTES, note.from_row)


async def open_dispute(api: Api, call: Request) -> Response:
    """Mark an invoice as disputed."""
    return await api.submit(call, commands.OPEN_DISPUTE, call.body_as(DisputeIn).model_dump(mode="json"))


async def list_disputes(api: Api, call: Request) -> Response:
    """List disputes, newest first."""
    requested = call.query_as(DisputeQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.DISPUTES, dispute.from_row, **requested)


async def get_dispute(api: Api, call: Request) -> Response:
    """Get one dispute."""
    return await responses.one(api, call, queries.DISPUTES, dispute.from_row)


ROUTES = (
    Route(
        "POST", "/v1/notes", "createNote", add_note, "write", "Add a note to a client",
        body=NoteIn, response_model=Note, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/notes", "listNotes", list_notes, "read", "List notes",
        query=NoteQuery, response_model=ResourcePage[Note], tag="collections",
    ),
    Route(
        "GET", "/v1/notes/{id}", "getNote", get_note, "read", "Get a note", response_model=Note, tag="collections",
    ),
    Route(
        "PATCH", "/v1/notes/{id}", "updateNote", moving(commands.UPDATE_NOTE), "write",
        "Change a note: only what is sent", body=NotePatch, response_model=Note, tag="collections",
    ),
    Route(
        "POST", "/v1/notes/{id}/resolve", "resolveNote", moving(commands.RESOLVE_NOTE), "write",
        "A note needs no response any more", response_model=Note, tag="collections",
    ),
    Route(
        "POST", "/v1/disputes", "openDispute", open_dispute, "write", "Mark an invoice as disputed",
        body=DisputeIn, response_model=Dispute, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/disputes", "listDisputes", list_disputes, "read", "List disputes",
        query=DisputeQuery, response_model=ResourcePage[Dispute], tag="collections",
    ),
    Route(
        "GET", "/v1/disputes/{id}", "getDispute", get_dispute, "read", "Get a dispute",
        response_model=Dispute, tag="collections",
    ),
    Route(
        "POST", "/v1/disputes/{id}/resolve", "resolveDispute", moving(commands.RESOLVE_DISPUTE), "write",
        "A dispute is over: its invoice is collected again", body=ResolveDisputeIn, response_model=Dispute,
        tag="collections",
    ),
)  # fmt: skip
