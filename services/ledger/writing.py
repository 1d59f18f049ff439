"""Write what the commands of a batch changed: one statement for each table, however many commands."""

from __future__ import annotations

from datetime import datetime

from ledger.bills import store as bills
from ledger.books import Books
from ledger.documents import store as documents
from ledger.inbox import store as inbox
from ledger.journal import store as journal
from ledger.parties import store as parties
from ledger.payments import store as payments
from ledger.products import store as products
from ledger.quotas import store as quotas
from ledger.suppliers import store as suppliers
from storage.pool import Connection


async def write(conn: Connection, books: Books, *, now: datetime) -> None:
    """Write everything taken into the books; the counters last."""
    taken = [(asked.account.id, asked.envelope.id, changes) for asked, changes in books.taken]
    await parties.insert(conn, clients=[client for *_, changes in taken for client in changes.clients])
    await parties.update(conn, clients=[client for *_, changes in taken for client in changes.clients_changed])
    await _write_catalogue(conn, books)
    await _write_documents(conn, books)
    await _write_payments(conn, books)
    bookings = [
        (account_id, command_id, booking) for account_id, command_id, changes in taken for booking in changes.bookings
    ]
    await journal.insert(conn, rows=bookings, now=now)
    settlements = [(account_id, one) for account_id, _, changes in taken for one in changes.settlements]
    await payments.settle(conn, rows=settlements, now=now)
    refunds = [(account_id, one) for account_id, _, changes in taken for one in changes.refunds]
    await payments.refund(conn, rows=refunds, now=now)
    wishes = [
        (account_id, command_id, one) for account_id, command_id, changes in taken for one in changes.send_requests
    ]
    await documents.insert_send_requests(conn, rows=wishes, now=now)
    await _write_inboxes(conn, books)
    await parties.remove(conn, clients=[client for *_, changes in taken for client in changes.clients_removed])
    await parties.write_balances(conn, balances={key: books.balances[key] for key in books.rebalanced})
    await documents.advance(conn, moved={key: (before, books.counters[key]) for key, before in books.counted.items()})


async def _write_documents(conn: Connection, books: Books) -> None:
    await documents.delete(conn, keys=books.gone)
    new = [key for key in books.written if key in books.new]
    await documents.insert(
        conn, sales=[books.papers[key] for key in new], standings=[books.standings[key] for key in new]
    )
    await documents.rewrite(conn, sales=[books.papers[key] for key in books.written if key not in books.new])
    moved = [key for key in books.moved if key in books.standings and key not in books.new]
    await documents.move(conn, standings=[books.standings[key] for key in moved])


async def _write_payments(conn: Connection, books: Books) -> None:
    moved = [key for key in books.moved if key in books.payments]
    await payments.insert(conn, payments=[books.payments[key] for key in moved if key in books.new])
    await payments.move(conn, payments=[books.payments[key] for key in moved if key not in books.new])


async def _write_catalogue(conn: Connection, books: Books) -> None:
    all_changes = [changes.catalogue for _, changes in books.taken]
    await products.insert(conn, products=[one for changes in all_changes for one in changes.products])
    await products.update(conn, products=[one for changes in all_changes for one in changes.products_changed])
    await products.remove(conn, products=[one for changes in all_changes for one in changes.products_removed])
    await suppliers.insert(conn, suppliers=[one for changes in all_changes for one in changes.suppliers])
    usage, before = books.catalogue.usage, books.catalogue.usage_before
    await quotas.write(conn, moved={key: (stood, usage[key]) for key, stood in before.items()})


async def _write_inboxes(conn: Connection, books: Books) -> None:
    taken = [(asked.account.id, changes.inbox) for asked, changes in books.taken]
    await bills.insert(conn, bills=[one for _, changes in taken for one in changes.bills])
    await inbox.decide(conn, rows=[(account_id, one) for account_id, changes in taken for one in changes.verdicts])
    await inbox.insert_rules(conn, rules=[one for _, changes in taken for one in changes.rules])
    removed = [(account_id, one) for account_id, changes in taken for one in changes.rules_removed]
    await inbox.delete_rules(conn, keys=removed)
