"""Decide the commands on notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.command_errors import InvalidInput, NotFound
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.inbox import Actor
from contracts.resources.note import AddNote, NoteKind, ResolveNote, UpdateNote
from ledger.clients import handlers as clients
from ledger.clients.state import ClientPlan
from ledger.collections.due.state import make_due
from ledger.collections.notes.models import Note
from ledger.collections.notes.state import LoadedNotes, NoteChanges, NotePlan
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[AddNote], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))
    if ctx.input.sale_id is not None:
        plan[SalePlan].states.add(ctx.key(ctx.input.sale_id))


def _add(ctx: CommandContext[AddNote], state: LoadedState) -> ChangeSet:
    given = ctx.input
    client = clients.named(ctx, state, given.client_id)
    if given.sale_id is not None:
        _check_sale(ctx, state, given.sale_id, client.id)
    note = Note(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=client.id,
        sale_id=given.sale_id,
        kind=given.kind,
        body=given.body,
        pinned=given.pinned,
        needs_response=given.needs_response,
        resolved_at=None,
        origin=given.origin,
        author=_kept(given.author),
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    changes = ChangeSet(("note", note.id), http_status=201)
    add(changes, note)
    return changes


ADD_NOTE = CommandHandler(AddNote, _plan, _add)


def _check_sale(ctx: CommandContext[Any], state: LoadedState, sale_id: UUID, client_id: UUID) -> None:
    sale = state[LoadedSales].states.get(ctx.key(sale_id))
    if sale is None:
        raise NotFound(faults=[FieldError("sale_id", "unknown sale")])
    if sale.client_id != client_id:
        raise InvalidInput(faults=[FieldError("sale_id", "is another client's")])


def add(changes: ChangeSet, note: Note) -> None:
    """Add a new note and its event to `changes`."""
    changes[NoteChanges].notes[note.id] = note
    changes.domain_events.append(DomainEvent("note.created", "note", note.id, note.client_id))


def note_on(ctx: CommandContext[Any], *, client_id: UUID, sale_id: UUID | None, kind: NoteKind, body: str) -> Note:
    """Make the note that another command leaves on a client, by its author where it has one."""
    return Note(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=client_id,
        sale_id=sale_id,
        kind=kind,
        body=body,
        pinned=False,
        needs_response=False,
        resolved_at=None,
        origin="own",
        author=_kept(getattr(ctx.input, "author", None)),
        created_at=ctx.now,
        updated_at=ctx.now,
    )


def _kept(author: Actor | None) -> dict[str, Any] | None:
    return None if author is None else author.model_dump(mode="json")


def _plan_one(ctx: CommandContext[ResolveNote], plan: ReadPlan) -> None:
    plan[NotePlan].ids.add(ctx.key(ctx.input.id))


def _resolve(ctx: CommandContext[ResolveNote], state: LoadedState) -> ChangeSet:
    """Resolve a note; one that needs no response is unchanged."""
    note = state[LoadedNotes].notes.get(ctx.key(ctx.input.id))
    if note is None:
        raise NotFound("There is no note with this id.")
    changes = ChangeSet(("note", note.id))
    if note.needs_response and note.resolved_at is None:
        changes[NoteChanges].notes[note.id] = replace(note, resolved_at=ctx.now, updated_at=ctx.now)
    return changes


RESOLVE_NOTE = CommandHandler(ResolveNote, _plan_one, _resolve)


def _plan_update(ctx: CommandContext[UpdateNote], plan: ReadPlan) -> None:
    plan[NotePlan].ids.add(ctx.key(ctx.input.id))


def _update(ctx: CommandContext[UpdateNote], state: LoadedState) -> ChangeSet:
    """Change what was sent of a note; one that needs a response anew holds reminders back again."""
    before = state[LoadedNotes].notes.get(ctx.key(ctx.input.id))
    if before is None:
        raise NotFound("There is no note with this id.")
    given = ctx.input
    needs_response = before.needs_response if given.needs_response is None else given.needs_response
    after = replace(
        before,
        body=given.body or before.body,
        pinned=before.pinned if given.pinned is None else given.pinned,
        needs_response=needs_response,
        resolved_at=None if given.needs_response is not None else before.resolved_at,
    )
    changes = ChangeSet(("note", before.id))
    if after != before:
        changes[NoteChanges].notes[before.id] = replace(after, updated_at=ctx.now)
        make_due(changes, before.client_id)
    return changes


UPDATE_NOTE = CommandHandler(UpdateNote, _plan_update, _update)
