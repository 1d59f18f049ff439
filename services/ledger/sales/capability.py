"""Register sales documents and their number series with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from contracts.resources import sale
from contracts.wire import commands as names
from ledger.payments import allocation_commands, refund_commands
from ledger.sales import create, draft_commands, issue, mark_overdue, send, store, transition_commands
from ledger.sales.state import LoadedSales, SalePlan, next_overdue_check, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.sale v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[SalePlan], state[LoadedSales]
    known.documents |= await store.documents(conn, keys=wanted.documents - known.documents.keys())
    missing = (wanted.states | wanted.documents) - known.states.keys()
    known.states |= await store.document_states(conn, keys=missing)
    # State that the batch has read already is kept.
    known.states = await store.open_invoices(conn, keys=wanted.open_invoices) | known.states
    known.credited |= await store.credited(conn, keys=wanted.credited - known.credited.keys())
    known.external_ids |= await store.external_ids(conn, wanted=wanted.external_ids)
    known.counters |= await store.counters(conn, wanted=wanted.counters - known.counters.keys())


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    sales = state[LoadedSales]
    await store.delete(conn, keys=sales.gone)
    new = [key for key in sales.written if key in sales.new]
    await store.insert(
        conn, sales=[sales.documents[key] for key in new], document_states=[sales.states[key] for key in new]
    )
    await store.rewrite(conn, sales=[sales.documents[key] for key in sales.written if key not in sales.new])
    moved = [sales.states[key] for key in sales.moved if key not in sales.new]
    await store.move(conn, document_states=moved)


async def _save_numbers(conn: Connection, state: LoadedState, _now: datetime) -> None:
    sales = state[LoadedSales]
    await store.advance(
        conn, moved={key: (before, sales.counters[key]) for key, before in sales.counters_before.items()}
    )


_COMMANDS: Final[dict[str, CommandHandler[Any]]] = {
    names.CREATE_SALE: create.CREATE_SALE,
    names.UPDATE_SALE: draft_commands.UPDATE_SALE,
    names.DELETE_SALE: draft_commands.DELETE_SALE,
    names.CONVERT_SALE: draft_commands.CONVERT_SALE,
    names.ISSUE_SALE: issue.ISSUE_SALE,
    names.SEND_SALE: send.SEND_SALE,
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
}

SALES: Final = Capability(
    name="sales",
    participant=Participant(load=_load, take=take, save=_save, next_due=next_overdue_check),
    entities={
        "sale": Entity(
            _SELECT,
            lambda row, urls: sale.from_row(row, urls=urls),
            changed_by=tuple(name for name in _COMMANDS if name != names.CREATE_SALE),
        )
    },
    commands={**_COMMANDS, mark_overdue.COMMAND: mark_overdue.MARK_OVERDUE},
)

NUMBERS: Final = Capability(name="numbers", participant=Participant(save=_save_numbers))
"""The counters of the series: saved last, so that each is locked as briefly as can be."""
