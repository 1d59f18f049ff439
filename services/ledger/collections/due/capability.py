"""Register with the ledger what makes clients due."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ledger.collections.due import store
from ledger.collections.due.state import due_clients, next_due
from ledger.unit_of_work.capability import Capability
from ledger.unit_of_work.state import LoadedState, Participant
from storage.pool import Connection


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    await store.mark(conn, clients=due_clients(state), now=now)


DUE_CLIENTS: Final = Capability(name="due_clients", participant=Participant(save=_save, next_due=next_due))
"""Saved after everything that it looks at."""
