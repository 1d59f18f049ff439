"""Register suppliers with the ledger; the commands that accept purchases make them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ledger.suppliers import store
from ledger.suppliers.state import LoadedSuppliers, SupplierChanges, SupplierPlan, take
from ledger.unit_of_work.capability import Capability
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[SupplierPlan], state[LoadedSuppliers]
    for supplier in await store.find(conn, identities=wanted.identities - known.found.keys()):
        known.know(supplier)
    known.by_id |= await store.by_ids(conn, keys=wanted.ids - known.by_id.keys())


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    new = [one for _, changes in state.changes_of(SupplierChanges) for one in changes.new]
    await store.insert(conn, suppliers=new)


SUPPLIERS: Final = Capability(name="suppliers", participant=Participant(load=_load, take=take, save=_save))
