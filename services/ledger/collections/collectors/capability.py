"""Register collectors with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import collector as present
from contracts.wire import commands as names
from ledger.collections.collectors import handlers, store
from ledger.collections.collectors.state import CollectorChanges, CollectorPlan, LoadedCollectors, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.collector v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[CollectorPlan], state[LoadedCollectors]
    known.of_accounts |= await store.of_accounts(conn, account_ids=wanted.accounts - known.of_accounts.keys())
    known.used |= await store.used(conn, keys=wanted.used)


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    taken = state.changes_of(CollectorChanges)
    latest = {one.id: one for _, changes in taken for one in changes.collectors.values()}
    await store.write(conn, collectors=list(latest.values()))
    applied = sorted({one for _, changes in taken for one in changes.applied})
    await store.apply(conn, collectors=[latest[one] for one in applied], now=now)
    gone = [(one.account_id, one.id) for one in latest.values() if one.replaced_by is not None]
    await store.wake(conn, keys=gone, now=now)


COLLECTORS: Final = Capability(
    name="collectors",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "collector": Entity(
            _SELECT,
            lambda row, _urls: present.from_row(row),
            changed_by=(names.UPDATE_COLLECTOR, names.REMOVE_COLLECTOR),
        )
    },
    commands={
        names.OPEN_COLLECTORS: handlers.OPEN_COLLECTORS,
        names.CREATE_COLLECTOR: handlers.CREATE_COLLECTOR,
        names.UPDATE_COLLECTOR: handlers.UPDATE_COLLECTOR,
        names.REMOVE_COLLECTOR: handlers.REMOVE_COLLECTOR,
    },
)
