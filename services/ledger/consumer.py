"""Take commands to the books: second hop, between the queue `ledger.commands` and the outbox.

A batch is one transaction: the accounts' books are locked, what the commands need is read, each is decided in turn,
and all their changes are written, table by table. Messages for the inboxes need no lock and go in beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from contracts.primitives.problem import field_errors, problem
from contracts.serializers import inbox as present_inboxes
from contracts.serializers import ledger as present
from contracts.urls import PublicUrls
from contracts.wire import commands as names
from contracts.wire.envelope import Envelope
from contracts.wire.events import event
from contracts.wire.topology import DISPATCHER_EVENTS
from ledger.account import Account
from ledger.clients import handlers as parties
from ledger.conditions import compared, unmet
from ledger.errors import BadInput, LedgerRefusal, QuotaExceeded
from ledger.imports import handlers as imports
from ledger.inbox import accept_message, rule_commands
from ledger.inbox import handlers as inbox
from ledger.payments import allocation_commands, refund_commands
from ledger.payments import handlers as payments
from ledger.products import handlers as products
from ledger.quotas.rules import reached
from ledger.sales import create as documents
from ledger.sales import draft_commands, issue, mark_overdue, transition_commands
from ledger.text import unstorable
from ledger.unit_of_work import store
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.reading import read, read_balances
from ledger.unit_of_work.state import (
    ChangeSet,
    CommandContext,
    DomainEvent,
    EntityKind,
    Key,
    LoadedState,
    ReadPlan,
    Shown,
)
from ledger.unit_of_work.writing import write
from outbox.pipeline import BatchEffects
from storage.pool import Connection

HANDLERS: Final[Mapping[str, CommandHandler[Any]]] = MappingProxyType(
    {
        names.ACCEPT_INBOX_MESSAGE: accept_message.ACCEPT_MESSAGE,
        names.REJECT_INBOX_MESSAGE: accept_message.REJECT_MESSAGE,
        names.APPLY_INBOX_RULES: rule_commands.APPLY_RULES,
        names.CREATE_INBOX_RULE: rule_commands.CREATE_RULE,
        names.DELETE_INBOX_RULE: rule_commands.DELETE_RULE,
        names.CREATE_CLIENT: parties.CREATE_CLIENT,
        names.UPSERT_CLIENT: parties.UPSERT_CLIENT,
        names.UPDATE_CLIENT: parties.UPDATE_CLIENT,
        names.REMOVE_CLIENT: parties.REMOVE_CLIENT,
        names.CREATE_PRODUCT: products.CREATE_PRODUCT,
        names.UPSERT_PRODUCT: products.UPSERT_PRODUCT,
        names.UPDATE_PRODUCT: products.UPDATE_PRODUCT,
        names.REMOVE_PRODUCT: products.REMOVE_PRODUCT,
        names.IMPORT_LINES: imports.IMPORT_LINES,
        names.CREATE_SALE: documents.CREATE_SALE,
        names.UPDATE_SALE: draft_commands.UPDATE_SALE,
        names.DELETE_SALE: draft_commands.DELETE_SALE,
        names.CONVERT_SALE: draft_commands.CONVERT_SALE,
        names.ISSUE_SALE: issue.ISSUE_SALE,
        names.SEND_SALE: transition_commands.SEND_SALE,
        names.VOID_SALE: transition_commands.VOID_SALE,
        names.WRITE_OFF_SALE: transition_commands.WRITE_OFF_SALE,
        names.WRITE_BACK_SALE: transition_commands.WRITE_BACK_SALE,
        names.ACCEPT_SALE: transition_commands.ACCEPT_SALE,
        names.DECLINE_SALE: transition_commands.DECLINE_SALE,
        names.EXPIRE_SALE: transition_commands.EXPIRE_SALE,
        names.CLOSE_SALE: transition_commands.CLOSE_SALE,
        names.CANCEL_SALE: transition_commands.CANCEL_SALE,
        names.ALLOCATE_CREDIT: allocation_commands.allocating("sale"),
        names.UNALLOCATE_CREDIT: allocation_commands.unallocating("sale"),
        names.REFUND_CREDIT: refund_commands.refunding("sale"),
        names.UNREFUND_CREDIT: refund_commands.unrefunding("sale"),
        names.RECORD_PAYMENT: payments.RECORD_PAYMENT,
        names.CONFIRM_PAYMENT: payments.CONFIRM_PAYMENT,
        names.FAIL_PAYMENT: payments.FAIL_PAYMENT,
        names.REVERSE_PAYMENT: payments.REVERSE_PAYMENT,
        names.ALLOCATE_PAYMENT: allocation_commands.allocating("payment"),
        names.UNALLOCATE_PAYMENT: allocation_commands.unallocating("payment"),
        names.REFUND_PAYMENT: refund_commands.refunding("payment"),
        names.UNREFUND_PAYMENT: refund_commands.unrefunding("payment"),
        mark_overdue.COMMAND: mark_overdue.MARK_OVERDUE,
    }
)
"""How each command on the books is decided."""

Presenters = Mapping[EntityKind, Callable[[present.Row], dict[str, Any]]]
"""How each kind of thing is shown."""


def _presenters(urls: PublicUrls) -> Presenters:
    return {
        "client": present.client,
        "product": present.product,
        "sale": partial(present.sale, urls=urls),
        "payment": present.payment,
        "inbox_message": partial(present.inbox_message, urls=urls),
        "inbox_rule": present_inboxes.rule,
    }


async def handle(
    conn: Connection,
    envelopes: Sequence[Envelope],
    effects: BatchEffects,
    *,
    urls: PublicUrls,
    expect: Callable[[datetime], None] | None = None,
) -> None:
    """Handle the fresh commands of a batch inside its transaction; `urls` makes those in answers and events.

    `expect` is called after the commit with the earliest moment at which one of the documents becomes overdue.
    """
    messages = [envelope for envelope in envelopes if envelope.name == names.RECEIVE_INBOX_MESSAGE]
    commands = [envelope for envelope in envelopes if envelope.name in HANDLERS]
    if messages:
        await inbox.receive(conn, messages, effects, urls)
    if commands:
        # All of them first, so that batches which lock several accounts do it in one order.
        await store.lock_books(conn, account_ids={command.account_id for command in commands})
        for some in _segments(commands):
            state = await _change_books(conn, some, effects, _presenters(urls))
            if expect is not None and (moment := state.overdue_check_at) is not None:
                effects.after_commit.append(partial(expect, moment))
    for envelope in envelopes:
        if envelope.name != names.RECEIVE_INBOX_MESSAGE and envelope.name not in HANDLERS:
            effects.refused[envelope.id] = f"the ledger knows no command {envelope.name!r}"


def _segments(commands: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """Split a batch so that a conditional command is the first of its account: all before it is written by then."""
    some: list[Envelope] = []
    for command in commands:
        if command.if_match is not None and any(one.account_id == command.account_id for one in some):
            yield some
            some = []
        some.append(command)
    yield some


async def refuse(
    conn: Connection, envelopes: Sequence[Envelope], refusal: LedgerRefusal, effects: BatchEffects
) -> None:
    """Answer these with a refusal, and change nothing else."""
    await _answer(conn, envelopes, LoadedState(), {envelope.id: refusal for envelope in envelopes}, effects)


async def _change_books(
    conn: Connection, commands: Sequence[Envelope], effects: BatchEffects, presenters: Presenters
) -> LoadedState:
    now = datetime.now(tz=UTC)
    # Accounts in one order for all batches; within an account, commands as they came.
    commands = sorted(commands, key=lambda command: command.account_id.bytes)
    accounts = await store.lock_books(conn, account_ids={command.account_id for command in commands})
    refusals: dict[UUID, LedgerRefusal] = {}
    readable = []
    for command in commands:
        try:
            readable.append(_read(command, accounts[command.account_id], now))
        except LedgerRefusal as refusal:
            refusals[command.id] = refusal
    refusals |= unmet(readable, await _show(conn, compared(readable), presenters))
    readable = [ctx for ctx in readable if ctx.envelope.id not in refusals]
    state = await _open(conn, readable)
    for ctx in readable:
        try:
            state.take(ctx, HANDLERS[ctx.envelope.name].handle(ctx, state))
        except LedgerRefusal as refusal:
            refusals[ctx.envelope.id] = refusal
            if isinstance(refusal, QuotaExceeded):
                state.reference.reach(ctx.account.id, ctx.envelope.id, refusal.quota, today=ctx.account.day(ctx.now))
    gone = await _show(conn, {"sale": set(state.gone)}, presenters)
    await write(conn, state, now=now)
    await _emit(conn, state, effects, gone, presenters)
    _emit_quota_events(commands, state, effects)
    await _answer(conn, commands, state, refusals, effects)
    return state


async def _open(conn: Connection, readable: Sequence[CommandContext[Any]]) -> LoadedState:
    """Read what the commands need, then what that refers to, and the balances that may move."""
    state, plan = LoadedState(), ReadPlan()
    for ctx in readable:
        HANDLERS[ctx.envelope.name].plan(ctx, plan)
    await read(conn, plan, state)
    more = [(then, ctx) for ctx in readable if (then := HANDLERS[ctx.envelope.name].then)]
    if more:
        plan = ReadPlan()
        for then, ctx in more:
            then(ctx, state, plan)
        await read(conn, plan, state)
    await read_balances(conn, state)
    return state


def _read(command: Envelope, account: Account, now: datetime) -> CommandContext[Any]:
    if faults := unstorable(command.data):
        raise BadInput(faults=faults)
    try:
        return CommandContext(command, HANDLERS[command.name].model.model_validate(command.data), account, now)
    except ValidationError as error:
        raise BadInput(faults=field_errors(error)) from None


async def _emit(
    conn: Connection, state: LoadedState, effects: BatchEffects, gone: Shown, presenters: Presenters
) -> None:
    """Show what changed as everybody sees it: the commands' answers and the events, each one noted.

    What is gone is shown as it was last.
    """
    result_entity = await _show(conn, _wanted(state.taken), presenters)
    result_entity |= {key: thing | {"status": "deleted"} for key, thing in gone.items()}
    last = await store.last_told(conn, clients=_event_data(state))
    recorded: list[store.DocumentEvent] = []
    for ctx, changes in state.taken:
        effects.answer(ctx.envelope, changes.http_status, _said(ctx, changes, result_entity))
        inbox.follow_up(ctx.envelope, changes.inbox.follow_ups, effects)
        for domain_event in changes.domain_events:
            client = ctx.key(domain_event.client_id) if domain_event.client_id else None
            outgoing = event(
                ctx.envelope,
                domain_event.trigger,
                subject_id=domain_event.id,
                client_id=domain_event.client_id,
                data=result_entity[domain_event.kind, ctx.key(domain_event.id)],
                after=last.get(client) if client else None,
            )
            if client:
                last[client] = outgoing.id
            effects.send(DISPATCHER_EVENTS, outgoing)
            if domain_event.status is not None:
                recorded.append(_record(domain_event, domain_event.status, outgoing))
    await store.keep_last_told(conn, events=last)
    await store.insert_document_events(conn, rows=recorded)


def _event_data(state: LoadedState) -> set[Key]:
    return {
        ctx.key(domain_event.client_id)
        for ctx, changes in state.taken
        for domain_event in changes.domain_events
        if domain_event.client_id
    }


def _said(ctx: CommandContext[Any], changes: ChangeSet, result_entity: Shown) -> Any:
    if changes.result_entity is None:
        return changes.result_body
    kind, thing_id = changes.result_entity
    return result_entity[kind, ctx.key(thing_id)]


def _emit_quota_events(commands: Sequence[Envelope], state: LoadedState, effects: BatchEffects) -> None:
    """Tell of limits that refused something, whoever asked for it and however: once in a period each."""
    ctx = {command.id: command for command in commands}
    for one in state.reference.reached:
        command = ctx[one.command_id]
        data = reached(one.quota, one.usage, refused=command.name, today=one.today)
        effects.send(
            DISPATCHER_EVENTS, event(command, "quota.reached", subject_id=command.id, client_id=None, data=data)
        )


def _wanted(taken: Sequence[tuple[CommandContext[Any], ChangeSet]]) -> dict[EntityKind, set[Key]]:
    wanted: dict[EntityKind, set[Key]] = defaultdict(set)
    for ctx, changes in taken:
        if changes.result_entity is not None:
            wanted[changes.result_entity[0]].add(ctx.key(changes.result_entity[1]))
        for domain_event in changes.domain_events:
            wanted[domain_event.kind].add(ctx.key(domain_event.id))
    return wanted


async def _show(conn: Connection, wanted: Mapping[EntityKind, set[Key]], presenters: Presenters) -> Shown:
    return {
        (kind, key): presenters[kind](row)
        for kind, keys in wanted.items()
        for key, row in (await store.show(conn, kind=kind, keys=keys)).items()
    }


def _record(domain_event: DomainEvent, status: tuple[str | None, str], outgoing: Envelope) -> store.DocumentEvent:
    return store.DocumentEvent(
        account_id=outgoing.account_id,
        event_id=outgoing.id,
        document_id=domain_event.id,
        trigger=domain_event.trigger,
        status_before=status[0],
        status_after=status[1],
        command_id=outgoing.causation_id or outgoing.id,
        at=outgoing.at,
    )


async def _answer(
    conn: Connection,
    commands: Sequence[Envelope],
    state: LoadedState,
    refusals: Mapping[UUID, LedgerRefusal],
    effects: BatchEffects,
) -> None:
    """Answer the refused commands, and note all of them for the journey."""
    for command in commands:
        if (refusal := refusals.get(command.id)) is not None:
            effects.answer(command, refusal.http_status, _problem(refusal))
    taken = {ctx.envelope.id: changes for ctx, changes in state.taken}
    rows = [_handled(command, taken.get(command.id), refusals.get(command.id)) for command in commands]
    await store.insert_handled(conn, rows=rows)


def _handled(command: Envelope, changes: ChangeSet | None, refusal: LedgerRefusal | None) -> store.Handled:
    return store.Handled(
        account_id=command.account_id,
        command_id=command.id,
        command=command.name,
        correlation_id=command.correlation_id,
        causation_id=command.causation_id,
        subject_id=_subject(changes) if changes else None,
        status=changes.http_status if changes else refusal.http_status if refusal else 500,
        code=refusal.problem_code if refusal else None,
    )


def _subject(changes: ChangeSet) -> UUID | None:
    return changes.result_entity[1] if changes.result_entity else changes.subject_id


def _problem(refusal: LedgerRefusal) -> dict[str, Any]:
    return problem(refusal.http_status, refusal.problem_code, refusal.title, refusal.detail, refusal.faults)
