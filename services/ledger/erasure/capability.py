"""Register the erasure of persons with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.wire import commands as names
from ledger.erasure import handlers, store
from ledger.erasure.state import ErasureChanges, ErasurePlan, LoadedUnfinished
from ledger.unit_of_work.capability import Capability
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    state[LoadedUnfinished].reasons |= await store.unfinished(conn, keys=plan[ErasurePlan].clients)


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    for _, changes in state.changes_of(ErasureChanges):
        for client in changes.erased:
            await store.erase(conn, client=client, now=now)


ERASURE: Final = Capability(
    name="erasure",
    participant=Participant(load=_load, save=_save),
    commands={names.ERASE_CLIENT: handlers.ERASE_CLIENT},
)
