"""Register notes with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import note
from contracts.wire import commands as names
from ledger.collections.notes import handlers, store
from ledger.collections.notes.state import LoadedNotes, NoteChanges, NotePlan, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.note v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    known = state[LoadedNotes].notes
    known |= await store.find(conn, keys=plan[NotePlan].ids - known.keys())


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    latest = {one.id: one for _, changes in state.changes_of(NoteChanges) for one in changes.notes.values()}
    await store.write(conn, notes=list(latest.values()))


NOTES: Final = Capability(
    name="notes",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "note": Entity(
            _SELECT, lambda row, _urls: note.from_row(row), changed_by=(names.RESOLVE_NOTE, names.UPDATE_NOTE)
        )
    },
    commands={
        names.ADD_NOTE: handlers.ADD_NOTE,
        names.UPDATE_NOTE: handlers.UPDATE_NOTE,
        names.RESOLVE_NOTE: handlers.RESOLVE_NOTE,
    },
)
