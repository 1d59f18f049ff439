"""Read what a batch of commands needs of the books: under lock, a handful of statements however many commands."""

from __future__ import annotations

from ledger.bills import store as bills
from ledger.books import Books, Needs
from ledger.catalogue import Catalogue, CatalogueNeeds
from ledger.documents import store as documents
from ledger.inbox import store as inbox
from ledger.inbox.shelf import Inboxes, InboxNeeds
from ledger.journal import store as journal
from ledger.parties import store as parties
from ledger.payments import store as payments
from ledger.products import store as products
from ledger.quotas import store as quotas
from ledger.suppliers import store as suppliers
from storage.pool import Connection


async def read(conn: Connection, needs: Needs, books: Books) -> None:
    """Read into `books` what is needed and not there yet; the accounts' books must be locked."""
    books.papers |= await documents.papers(conn, keys=needs.papers - books.papers.keys())
    wanted = (needs.sales | needs.papers) - books.standings.keys()
    books.standings |= await documents.standings(conn, keys=wanted)
    known = books.standings  # what the batch has read before stays as it is
    books.standings = await documents.open_invoices(conn, keys=needs.open_invoices) | known
    books.credited |= await documents.credited(conn, keys=needs.credited - books.credited.keys())
    books.payments |= await payments.payments(conn, keys=needs.payments - books.payments.keys())
    undoable = needs.undoable - books.booked.keys()
    books.booked |= {key: [] for key in undoable} | await journal.live(conn, keys=undoable)
    books.settlements |= await payments.live_settlements(conn, keys=undoable)
    books.refunds |= await payments.live_refunds(conn, keys=undoable)
    books.sale_external_ids |= await documents.external_ids(conn, wanted=needs.sale_external_ids)
    books.payment_external_ids |= await payments.external_ids(conn, wanted=needs.payment_external_ids)
    books.counters |= await documents.counters(conn, wanted=needs.counters - books.counters.keys())
    clients = await parties.find(conn, keys=needs.clients - books.clients.keys(), identities=needs.identities)
    for client in clients:
        books.know(client)
    books.referred |= await parties.referred(conn, keys=needs.references)
    await _read_catalogue(conn, needs.catalogue, books.catalogue)
    await _read_inboxes(conn, needs.inbox, books.inbox)


async def read_balances(conn: Connection, books: Books) -> None:
    """Read the balances of every client whose documents or payments were read."""
    keys = set(books.clients)
    keys.update((one.account_id, one.client_id) for one in books.standings.values())
    keys.update((one.account_id, one.client_id) for one in books.payments.values())
    books.balances = await parties.balances(conn, keys=keys)


async def _read_catalogue(conn: Connection, needs: CatalogueNeeds, catalogue: Catalogue) -> None:
    missing = needs.products - catalogue.products.keys()
    for product in await products.find(conn, keys=missing, identities=needs.product_identities):
        catalogue.know(product)
    for supplier in await suppliers.find(conn, identities=needs.suppliers - catalogue.suppliers.keys()):
        catalogue.know_supplier(supplier)
    catalogue.usage |= await quotas.read(conn, wanted=needs.usage - catalogue.usage.keys())


async def _read_inboxes(conn: Connection, needs: InboxNeeds, inboxes: Inboxes) -> None:
    inboxes.messages |= await inbox.held(conn, keys=needs.messages - inboxes.messages.keys())
    inboxes.rules |= await inbox.rules(conn, account_ids=needs.rules - inboxes.rules.keys())
    inboxes.bills |= await bills.references(conn, wanted=needs.bill_references)
    inboxes.suppliers |= await suppliers.by_ids(conn, keys=needs.suppliers - inboxes.suppliers.keys())
