"""Read what a batch of commands needs of the books: under lock, a handful of statements however many commands."""

from __future__ import annotations

from ledger.books import Books, Needs
from ledger.documents import store as documents
from ledger.parties import store as parties
from ledger.payments import store as payments
from storage.pool import Connection


async def read(conn: Connection, needs: Needs) -> Books:
    """Read the books as far as they are needed; the accounts' books must be locked."""
    books = Books(
        standings=await documents.standings(conn, keys=needs.sales),
        sale_external_ids=await documents.external_ids(conn, wanted=needs.sale_external_ids),
        payment_external_ids=await payments.external_ids(conn, wanted=needs.payment_external_ids),
        counters=await documents.counters(conn, wanted=needs.counters),
    )
    for client in await parties.find(conn, keys=needs.clients, identities=needs.identities):
        books.know(client)
    books.balances = await parties.balances(conn, keys=books.clients.keys())
    return books
