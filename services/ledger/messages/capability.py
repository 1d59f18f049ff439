"""Register messages with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.serializers import ledger as present
from contracts.wire import commands as names
from ledger.messages import handlers, store
from ledger.messages.state import LoadedMessages, MessageChanges, MessagePlan, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.message v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    known = state[LoadedMessages].messages
    known |= await store.find(conn, keys=plan[MessagePlan].ids - known.keys())


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    latest = {
        (one.account_id, one.id): one
        for _, changes in state.changes_of(MessageChanges)
        for one in changes.messages.values()
    }
    await store.write(conn, messages=list(latest.values()))


MESSAGES: Final = Capability(
    name="messages",
    participant=Participant(load=_load, take=take, save=_save),
    entities={"message": Entity(_SELECT, lambda row, _urls: present.message(row))},
    commands={names.CONFIRM_MESSAGE: handlers.CONFIRM_MESSAGE},
)
