"""Register the journal and the clients' balances with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ledger.clients import store as clients
from ledger.clients.state import LoadedClients
from ledger.journal import store
from ledger.journal.state import JournalChanges, JournalPlan, LoadedJournal, check, take
from ledger.payments.state import LoadedPayments
from ledger.sales.state import LoadedSales
from ledger.unit_of_work.capability import Capability
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    known = state[LoadedJournal]
    missing = plan[JournalPlan].reversible - known.booked.keys()
    known.booked |= {key: [] for key in missing} | await store.live(conn, keys=missing)


async def _load_balances(conn: Connection, state: LoadedState) -> None:
    """Read the balances of every client whose documents or payments were read: those that may move."""
    keys = set(state[LoadedClients].clients)
    keys.update((one.account_id, one.client_id) for one in state[LoadedSales].states.values())
    keys.update((one.account_id, one.client_id) for one in state[LoadedPayments].payments.values())
    state[LoadedJournal].balances = await clients.balances(conn, keys=keys)


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    bookings = [
        (ctx.account.id, ctx.envelope.id, booking)
        for ctx, changes in state.changes_of(JournalChanges)
        for booking in changes.bookings
    ]
    await store.insert(conn, rows=bookings, now=now)
    known = state[LoadedJournal]
    await clients.write_balances(conn, balances={key: known.balances[key] for key in known.rebalanced})


JOURNAL: Final = Capability(
    name="journal",
    participant=Participant(load=_load, load_last=_load_balances, check=check, take=take, save=_save),
)
