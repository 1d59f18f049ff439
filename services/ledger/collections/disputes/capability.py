"""Register disputes with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import dispute
from contracts.wire import commands as names
from ledger.collections.disputes import handlers, store
from ledger.collections.disputes.state import DisputeChanges, DisputePlan, LoadedDisputes, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.dispute v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[DisputePlan], state[LoadedDisputes]
    for found in await store.find(
        conn, keys=wanted.ids - known.disputes.keys(), sales=wanted.of_sales, clients=wanted.of_clients
    ):
        known.know(found)


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    latest = {one.id: one for _, changes in state.changes_of(DisputeChanges) for one in changes.disputes.values()}
    await store.write(conn, disputes=list(latest.values()))


DISPUTES: Final = Capability(
    name="disputes",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "dispute": Entity(_SELECT, lambda row, _urls: dispute.from_row(row), changed_by=(names.RESOLVE_DISPUTE,))
    },
    commands={names.OPEN_DISPUTE: handlers.OPEN_DISPUTE, names.RESOLVE_DISPUTE: handlers.RESOLVE_DISPUTE},
)
