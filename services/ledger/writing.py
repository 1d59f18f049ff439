"""Write what the commands of a batch changed: one statement for each table, however many commands."""

from __future__ import annotations

from datetime import datetime

from ledger.books import Books
from ledger.documents import store as documents
from ledger.journal import store as journal
from ledger.parties import store as parties
from ledger.payments import store as payments
from storage.pool import Connection


async def write(conn: Connection, books: Books, *, now: datetime) -> None:
    """Write everything taken into the books; the counters last."""
    taken = [(asked.account.id, asked.envelope.id, changes) for asked, changes in books.taken]
    await parties.insert(conn, clients=[client for *_, changes in taken for client in changes.clients])
    await documents.insert(conn, sales=[sale for *_, changes in taken for sale in changes.sales])
    await payments.insert(conn, payments=[payment for *_, changes in taken for payment in changes.payments])
    bookings = [
        (account_id, command_id, booking) for account_id, command_id, changes in taken for booking in changes.bookings
    ]
    await journal.insert(conn, rows=bookings, now=now)
    settlements = [(account_id, one) for account_id, _, changes in taken for one in changes.settlements]
    await payments.settle(conn, rows=settlements, now=now)
    await parties.write_balances(conn, balances={key: books.balances[key] for key in books.rebalanced})
    await documents.advance(conn, moved={key: (before, books.counters[key]) for key, before in books.counted.items()})
