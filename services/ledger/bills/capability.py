"""Register suppliers' bills with the ledger; accepting purchases records them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import bill
from contracts.wire import commands as names
from ledger.bills import store
from ledger.bills.handlers import VOID_BILL
from ledger.bills.state import BillChanges, BillPlan, LoadedBills, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.bill v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[BillPlan], state[LoadedBills]
    known.statuses |= await store.statuses(conn, keys=wanted.statuses - known.statuses.keys())
    known.by_reference |= await store.references(conn, wanted=wanted.references)


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    taken = [(ctx.account.id, changes) for ctx, changes in state.changes_of(BillChanges)]
    await store.insert(conn, bills=[one for _, changes in taken for one in changes.recorded])
    voided = [(account_id, one, reason) for account_id, changes in taken for one, reason in changes.voided.items()]
    await store.void(conn, rows=voided, now=now)


BILLS: Final = Capability(
    name="bills",
    participant=Participant(load=_load, take=take, save=_save),
    entities={"bill": Entity(_SELECT, bill.from_row, changed_by=(names.VOID_BILL,))},
    commands={names.VOID_BILL: VOID_BILL},
)
