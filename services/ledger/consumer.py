"""Take commands to the books: second hop, between the queue `ledger.commands` and the outbox.

A batch is one transaction: the accounts' books are locked, what the commands need is read, each is decided in turn,
and all their changes are written, table by table. Messages for the inboxes need no lock and go in beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from contracts import present
from contracts.commands import CREATE_CLIENT, CREATE_SALE, RECEIVE_INBOX_MESSAGE, RECORD_PAYMENT
from contracts.envelope import Envelope
from contracts.events import event
from contracts.problem import faults_of, problem
from contracts.topology import DISPATCHER_EVENTS
from ledger import store
from ledger.account import Account
from ledger.books import Asked, Books, Changes, Happening, Key, Needs, ThingKind
from ledger.decision import Decision
from ledger.documents import handlers as documents
from ledger.errors import BadInput, LedgerRefusal
from ledger.inbox import handlers as inbox
from ledger.parties import handlers as parties
from ledger.payments import handlers as payments
from ledger.reading import read
from ledger.text import unstorable
from ledger.writing import write
from outbox.hop import Effects
from storage.pool import Connection

HANDLERS: Final[Mapping[str, Decision[Any]]] = MappingProxyType(
    {
        CREATE_CLIENT: parties.CREATE_CLIENT,
        CREATE_SALE: documents.CREATE_SALE,
        RECORD_PAYMENT: payments.RECORD_PAYMENT,
    }
)
"""How each command on the books is decided."""

_PRESENT: Final[Mapping[ThingKind, Callable[[present.Row], dict[str, Any]]]] = MappingProxyType(
    {"client": present.client, "sale": present.sale, "payment": present.payment}
)


async def handle(conn: Connection, envelopes: Sequence[Envelope], effects: Effects) -> None:
    """Handle the fresh commands of a batch inside its transaction."""
    messages = [envelope for envelope in envelopes if envelope.name == RECEIVE_INBOX_MESSAGE]
    commands = [envelope for envelope in envelopes if envelope.name in HANDLERS]
    if messages:
        await inbox.receive(conn, messages, effects)
    if commands:
        await _change_books(conn, commands, effects)
    for envelope in envelopes:
        if envelope.name != RECEIVE_INBOX_MESSAGE and envelope.name not in HANDLERS:
            effects.refused[envelope.id] = f"the ledger knows no command {envelope.name!r}"


async def _change_books(conn: Connection, commands: Sequence[Envelope], effects: Effects) -> None:
    now = datetime.now(tz=UTC)
    # Accounts in one order for all batches; within an account, commands as they came.
    commands = sorted(commands, key=lambda command: command.account_id.bytes)
    accounts = await store.lock_books(conn, account_ids={command.account_id for command in commands})
    refusals: dict[UUID, LedgerRefusal] = {}
    needs, readable = Needs(), []
    for command in commands:
        try:
            asked = _read(command, accounts[command.account_id], now)
        except LedgerRefusal as refusal:
            refusals[command.id] = refusal
        else:
            readable.append(asked)
            HANDLERS[command.name].needs(asked, needs)
    books = await read(conn, needs)
    for asked in readable:
        try:
            books.take(asked, HANDLERS[asked.envelope.name].decide(asked, books))
        except LedgerRefusal as refusal:
            refusals[asked.envelope.id] = refusal
    await write(conn, books, now=now)
    await _tell(conn, books, effects)
    await _answer(conn, commands, books, refusals, effects)


def _read(command: Envelope, account: Account, now: datetime) -> Asked[Any]:
    if faults := unstorable(command.data):
        raise BadInput(faults=faults)
    try:
        return Asked(command, HANDLERS[command.name].model.model_validate(command.data), account, now)
    except ValidationError as error:
        raise BadInput(faults=faults_of(error)) from None


async def _tell(conn: Connection, books: Books, effects: Effects) -> None:
    """Show what changed as everybody sees it: the commands' answers and the events, each one noted."""
    objects = await _objects(conn, books.taken)
    noted: list[store.DocumentEvent] = []
    for asked, changes in books.taken:
        kind, thing_id = changes.shown
        effects.answer(asked.envelope, changes.http_status, objects[kind, asked.key(thing_id)])
        for happening in changes.happenings:
            told = event(
                asked.envelope,
                happening.trigger,
                subject_id=happening.id,
                client_id=happening.client_id,
                data=objects[happening.kind, asked.key(happening.id)],
            )
            effects.send(DISPATCHER_EVENTS, told)
            if happening.status is not None:
                noted.append(_note(happening, happening.status, told))
    await store.insert_document_events(conn, rows=noted)


async def _objects(
    conn: Connection, taken: Sequence[tuple[Asked[Any], Changes]]
) -> dict[tuple[ThingKind, Key], dict[str, Any]]:
    wanted: dict[ThingKind, set[Key]] = {kind: set() for kind in _PRESENT}
    for asked, changes in taken:
        wanted[changes.shown[0]].add(asked.key(changes.shown[1]))
        for happening in changes.happenings:
            wanted[happening.kind].add(asked.key(happening.id))
    return {
        (kind, key): _PRESENT[kind](row)
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
        subject_id=changes.shown[1] if changes else None,
        status=changes.http_status if changes else refusal.http_status if refusal else 500,
        code=refusal.problem_code if refusal else None,
    )


def _problem(refusal: LedgerRefusal) -> dict[str, Any]:
    return problem(refusal.http_status, refusal.problem_code, refusal.title, refusal.detail, refusal.faults)
