"""Register promises with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import promise
from contracts.wire import commands as names
from ledger.collections.promises import handlers, store
from ledger.collections.promises.state import LoadedPromises, PromiseChanges, PromisePlan, next_check, take
from ledger.sales.state import LoadedSales
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.promise v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[PromisePlan], state[LoadedPromises]
    known.promises |= await store.find(conn, keys=wanted.ids - known.promises.keys())
    known.paid |= await store.paid(conn, keys=wanted.paid - known.paid.keys())


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    latest = {one.id: one for _, changes in state.changes_of(PromiseChanges) for one in changes.promises.values()}
    await store.write(conn, promises=list(latest.values()))
    known, sales = state[LoadedPromises], state[LoadedSales]
    payers = known.payers | {(key[0], sales.states[key].client_id) for key in known.sales_settled}
    if await store.check_now(conn, clients=payers, now=now):
        known.due_now.append(now)


PROMISES: Final = Capability(
    name="promises",
    participant=Participant(load=_load, take=take, save=_save, next_due=next_check),
    entities={"promise": Entity(_SELECT, lambda row, _urls: promise.from_row(row), changed_by=(names.CANCEL_PROMISE,))},
    commands={
        names.RECORD_PROMISE: handlers.RECORD_PROMISE,
        names.CANCEL_PROMISE: handlers.CANCEL_PROMISE,
        handlers.CHECK_COMMAND: handlers.CHECK_PROMISE,
    },
)
