"""Register clients with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import client
from contracts.wire import commands as names
from ledger.clients import handlers, store
from ledger.clients.state import ClientChanges, ClientPlan, LoadedClients, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.client v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[ClientPlan], state[LoadedClients]
    for found in await store.find(conn, keys=wanted.ids - known.clients.keys(), identities=wanted.identities):
        known.know(found)
    known.referred |= await store.referred(conn, keys=wanted.references)


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    taken = [changes for _, changes in state.changes_of(ClientChanges)]
    await store.insert(conn, clients=[one for changes in taken for one in changes.new])
    await store.update(conn, clients=[one for changes in taken for one in changes.changed])
    await store.remove(conn, clients=[one for changes in taken for one in changes.removed])


CLIENTS: Final = Capability(
    name="clients",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "client": Entity(
            _SELECT,
            lambda row, _urls: client.from_row(row),
            changed_by=(names.UPDATE_CLIENT, names.REMOVE_CLIENT, names.ERASE_CLIENT),
        )
    },
    commands={
        names.CREATE_CLIENT: handlers.CREATE_CLIENT,
        names.UPSERT_CLIENT: handlers.UPSERT_CLIENT,
        names.UPDATE_CLIENT: handlers.UPDATE_CLIENT,
        names.REMOVE_CLIENT: handlers.REMOVE_CLIENT,
    },
)
