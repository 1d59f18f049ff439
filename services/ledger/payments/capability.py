"""Register payments with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from contracts.resources import payment
from contracts.wire import commands as names
from ledger.journal.state import JournalPlan
from ledger.payments import allocation_commands, handlers, refund_commands, store
from ledger.payments.state import LoadedPayments, PaymentChanges, PaymentPlan, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.payment v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[PaymentPlan], state[LoadedPayments]
    known.payments |= await store.payments(conn, keys=wanted.ids - known.payments.keys())
    sources = plan[JournalPlan].reversible - known.sources_read
    known.sources_read |= sources
    known.settlements |= await store.live_settlements(conn, keys=sources)
    known.refunds |= await store.live_refunds(conn, keys=sources)
    known.external_ids |= await store.external_ids(conn, wanted=wanted.external_ids)


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    known, taken = state[LoadedPayments], state.changes_of(PaymentChanges)
    await store.insert(conn, payments=[known.payments[key] for key in known.moved if key in known.new])
    await store.move(conn, payments=[known.payments[key] for key in known.moved if key not in known.new])
    settlements = [(ctx.account.id, one) for ctx, changes in taken for one in changes.settlements]
    await store.settle(conn, rows=settlements, now=now)
    refunds = [(ctx.account.id, one) for ctx, changes in taken for one in changes.refunds]
    await store.refund(conn, rows=refunds, now=now)


_CHANGES: Final[dict[str, CommandHandler[Any]]] = {
    names.CONFIRM_PAYMENT: handlers.CONFIRM_PAYMENT,
    names.FAIL_PAYMENT: handlers.FAIL_PAYMENT,
    names.REVERSE_PAYMENT: handlers.REVERSE_PAYMENT,
    names.ALLOCATE_PAYMENT: allocation_commands.allocating("payment"),
    names.UNALLOCATE_PAYMENT: allocation_commands.unallocating("payment"),
    names.REFUND_PAYMENT: refund_commands.refunding("payment"),
    names.UNREFUND_PAYMENT: refund_commands.unrefunding("payment"),
}

PAYMENTS: Final = Capability(
    name="payments",
    participant=Participant(load=_load, take=take, save=_save),
    entities={"payment": Entity(_SELECT, lambda row, _urls: payment.from_row(row), changed_by=tuple(_CHANGES))},
    commands={names.RECORD_PAYMENT: handlers.RECORD_PAYMENT, **_CHANGES},
)
