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

from contracts import commands as names
from contracts import present, present_inboxes
from contracts.envelope import Envelope
from contracts.events import event
from contracts.problem import faults_of, problem
from contracts.topology import DISPATCHER_EVENTS
from contracts.urls import PublicUrls
from ledger import store
from ledger.account import Account
from ledger.books import Asked, Books, Changes, Happening, Key, Needs, Shown, ThingKind
from ledger.conditions import compared, unmet
from ledger.decision import Decision
from ledger.documents import drafts, issuing, moving, overdue
from ledger.documents import handlers as documents
from ledger.errors import BadInput, LedgerRefusal, QuotaExceeded
from ledger.imports import handlers as imports
from ledger.inbox import accepting, ruling
from ledger.inbox import handlers as inbox
from ledger.parties import handlers as parties
from ledger.payments import handlers as payments
from ledger.payments import refunding, settling
from ledger.products import handlers as products
from ledger.quotas.rules import reached
from ledger.reading import read, read_balances
from ledger.text import unstorable
from ledger.writing import write
from outbox.hop import Effects
from storage.pool import Connection

HANDLERS: Final[Mapping[str, Decision[Any]]] = MappingProxyType(
    {
        names.ACCEPT_INBOX_MESSAGE: accepting.ACCEPT_MESSAGE,
        names.REJECT_INBOX_MESSAGE: accepting.REJECT_MESSAGE,
        names.APPLY_INBOX_RULES: ruling.APPLY_RULES,
        names.CREATE_INBOX_RULE: ruling.CREATE_RULE,
        names.DELETE_INBOX_RULE: ruling.DELETE_RULE,
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
        names.UPDATE_SALE: drafts.UPDATE_SALE,
        names.DELETE_SALE: drafts.DELETE_SALE,
        names.CONVERT_SALE: drafts.CONVERT_SALE,
        names.ISSUE_SALE: issuing.ISSUE_SALE,
        names.SEND_SALE: moving.SEND_SALE,
        names.VOID_SALE: moving.VOID_SALE,
        names.WRITE_OFF_SALE: moving.WRITE_OFF_SALE,
        names.WRITE_BACK_SALE: moving.WRITE_BACK_SALE,
        names.ACCEPT_SALE: moving.ACCEPT_SALE,
        names.DECLINE_SALE: moving.DECLINE_SALE,
        names.EXPIRE_SALE: moving.EXPIRE_SALE,
        names.CLOSE_SALE: moving.CLOSE_SALE,
        names.CANCEL_SALE: moving.CANCEL_SALE,
        names.ALLOCATE_CREDIT: settling.allocating("sale"),
        names.UNALLOCATE_CREDIT: settling.unallocating("sale"),
        names.REFUND_CREDIT: refunding.refunding("sale"),
        names.UNREFUND_CREDIT: refunding.unrefunding("sale"),
        names.RECORD_PAYMENT: payments.RECORD_PAYMENT,
        names.CONFIRM_PAYMENT: payments.CONFIRM_PAYMENT,
        names.FAIL_PAYMENT: payments.FAIL_PAYMENT,
        names.REVERSE_PAYMENT: payments.REVERSE_PAYMENT,
        names.ALLOCATE_PAYMENT: settling.allocating("payment"),
        names.UNALLOCATE_PAYMENT: settling.unallocating("payment"),
        names.REFUND_PAYMENT: refunding.refunding("payment"),
        names.UNREFUND_PAYMENT: refunding.unrefunding("payment"),
        overdue.COMMAND: overdue.MARK_OVERDUE,
    }
)
"""How each command on the books is decided."""

Presenters = Mapping[ThingKind, Callable[[present.Row], dict[str, Any]]]
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
    effects: Effects,
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
            books = await _change_books(conn, some, effects, _presenters(urls))
            if expect is not None and (moment := books.clock_at) is not None:
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


async def refuse(conn: Connection, envelopes: Sequence[Envelope], refusal: LedgerRefusal, effects: Effects) -> None:
    """Answer these with a refusal, and change nothing else."""
    await _answer(conn, envelopes, Books(), {envelope.id: refusal for envelope in envelopes}, effects)


async def _change_books(
    conn: Connection, commands: Sequence[Envelope], effects: Effects, presenters: Presenters
) -> Books:
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
    readable = [asked for asked in readable if asked.envelope.id not in refusals]
    books = await _open(conn, readable)
    for asked in readable:
        try:
            books.take(asked, HANDLERS[asked.envelope.name].decide(asked, books))
        except LedgerRefusal as refusal:
            refusals[asked.envelope.id] = refusal
            if isinstance(refusal, QuotaExceeded):
                books.catalogue.reach(
                    asked.account.id, asked.envelope.id, refusal.quota, today=asked.account.day(asked.now)
                )
    gone = await _show(conn, {"sale": set(books.gone)}, presenters)
    await write(conn, books, now=now)
    await _tell(conn, books, effects, gone, presenters)
    _tell_limits(commands, books, effects)
    await _answer(conn, commands, books, refusals, effects)
    return books


async def _open(conn: Connection, readable: Sequence[Asked[Any]]) -> Books:
    """Read what the commands need, then what that refers to, and the balances that may move."""
    books, needs = Books(), Needs()
    for asked in readable:
        HANDLERS[asked.envelope.name].needs(asked, needs)
    await read(conn, needs, books)
    more = [(then, asked) for asked in readable if (then := HANDLERS[asked.envelope.name].then)]
    if more:
        needs = Needs()
        for then, asked in more:
            then(asked, books, needs)
        await read(conn, needs, books)
    await read_balances(conn, books)
    return books


def _read(command: Envelope, account: Account, now: datetime) -> Asked[Any]:
    if faults := unstorable(command.data):
        raise BadInput(faults=faults)
    try:
        return Asked(command, HANDLERS[command.name].model.model_validate(command.data), account, now)
    except ValidationError as error:
        raise BadInput(faults=faults_of(error)) from None


async def _tell(conn: Connection, books: Books, effects: Effects, gone: Shown, presenters: Presenters) -> None:
    """Show what changed as everybody sees it: the commands' answers and the events, each one noted.

    What is gone is shown as it was last.
    """
    shown = await _show(conn, _wanted(books.taken), presenters)
    shown |= {key: thing | {"status": "deleted"} for key, thing in gone.items()}
    last = await store.last_told(conn, clients=_told_of(books))
    noted: list[store.DocumentEvent] = []
    for asked, changes in books.taken:
        effects.answer(asked.envelope, changes.http_status, _said(asked, changes, shown))
        inbox.follow_up(asked.envelope, changes.inbox.follow_ups, effects)
        for happening in changes.happenings:
            client = asked.key(happening.client_id) if happening.client_id else None
            told = event(
                asked.envelope,
                happening.trigger,
                subject_id=happening.id,
                client_id=happening.client_id,
                data=shown[happening.kind, asked.key(happening.id)],
                after=last.get(client) if client else None,
            )
            if client:
                last[client] = told.id
            effects.send(DISPATCHER_EVENTS, told)
            if happening.status is not None:
                noted.append(_note(happening, happening.status, told))
    await store.keep_last_told(conn, events=last)
    await store.insert_document_events(conn, rows=noted)


def _told_of(books: Books) -> set[Key]:
    return {
        asked.key(happening.client_id)
        for asked, changes in books.taken
        for happening in changes.happenings
        if happening.client_id
    }


def _said(asked: Asked[Any], changes: Changes, shown: Shown) -> Any:
    if changes.shown is None:
        return changes.said
    kind, thing_id = changes.shown
    return shown[kind, asked.key(thing_id)]


def _tell_limits(commands: Sequence[Envelope], books: Books, effects: Effects) -> None:
    """Tell of limits that refused something, whoever asked for it and however: once in a period each."""
    asked = {command.id: command for command in commands}
    for one in books.catalogue.reached:
        command = asked[one.command_id]
        data = reached(one.quota, one.usage, refused=command.name, today=one.today)
        effects.send(
            DISPATCHER_EVENTS, event(command, "quota.reached", subject_id=command.id, client_id=None, data=data)
        )


def _wanted(taken: Sequence[tuple[Asked[Any], Changes]]) -> dict[ThingKind, set[Key]]:
    wanted: dict[ThingKind, set[Key]] = defaultdict(set)
    for asked, changes in taken:
        if changes.shown is not None:
            wanted[changes.shown[0]].add(asked.key(changes.shown[1]))
        for happening in changes.happenings:
            wanted[happening.kind].add(asked.key(happening.id))
    return wanted


async def _show(conn: Connection, wanted: Mapping[ThingKind, set[Key]], presenters: Presenters) -> Shown:
    return {
        (kind, key): presenters[kind](row)
        for kind, keys in wanted.items()
        for key, row in (await store.show(conn, kind=kind, keys=keys)).items()
    }


def _note(happening: Happening, status: tuple[str | None, str], told: Envelope) -> store.DocumentEvent:
    return store.DocumentEvent(
        account_id=told.account_id,
        event_id=told.id,
        document_id=happening.id,
        trigger=happening.trigger,
        status_before=status[0],
        status_after=status[1],
        command_id=told.causation_id or told.id,
        at=told.at,
    )


async def _answer(
    conn: Connection,
    commands: Sequence[Envelope],
    books: Books,
    refusals: Mapping[UUID, LedgerRefusal],
    effects: Effects,
) -> None:
    """Answer the refused commands, and note all of them for the journey."""
    for command in commands:
        if (refusal := refusals.get(command.id)) is not None:
            effects.answer(command, refusal.http_status, _problem(refusal))
    taken = {asked.envelope.id: changes for asked, changes in books.taken}
    rows = [_handled(command, taken.get(command.id), refusals.get(command.id)) for command in commands]
    await store.insert_handled(conn, rows=rows)


def _handled(command: Envelope, changes: Changes | None, refusal: LedgerRefusal | None) -> store.Handled:
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


def _subject(changes: Changes) -> UUID | None:
    return changes.shown[1] if changes.shown else changes.subject_id


def _problem(refusal: LedgerRefusal) -> dict[str, Any]:
    return problem(refusal.http_status, refusal.problem_code, refusal.title, refusal.detail, refusal.faults)
