"""Register calls with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import call
from contracts.wire import commands as names
from ledger.collections.calls import handlers, store
from ledger.collections.calls.state import CallChanges, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.call v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    await store.insert(conn, calls=[one for _, changes in state.changes_of(CallChanges) for one in changes.calls])


CALLS: Final = Capability(
    name="calls",
    participant=Participant(take=take, save=_save),
    entities={"call": Entity(_SELECT, lambda row, _urls: call.from_row(row))},
    commands={names.RECORD_CALL: handlers.RECORD_CALL},
)
