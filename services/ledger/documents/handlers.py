"""Decide the commands on sales documents: from `create_sale` to a draft or an issued document, its entry and events.

Creating and issuing at once is two transitions, so it fires two events: `sale.created`, then `sale.posted`.
"""

from __future__ import annotations

from contracts.ids import new_id
from contracts.objects import SaleIn
from ledger.books import Asked, Booking, Books, Changes, Happening, Needs
from ledger.decision import Decision
from ledger.documents import issuing, numbers
from ledger.documents.sale import Sale, draft
from ledger.errors import Conflict, Fault, NotFound, at
from ledger.parties import handlers as parties
from ledger.parties.rules import Client, identity_of


def _needs(asked: Asked[SaleIn], needs: Needs) -> None:
    account_id, sale = asked.account.id, asked.input
    if sale.client_id is not None:
        needs.clients.add((account_id, sale.client_id))
    if sale.client is not None:
        needs.identities.add((account_id, identity_of(sale.client)))
    if sale.external_id is not None:
        needs.sale_external_ids.add((account_id, sale.sale_type, sale.external_id))
    if sale.issue:
        needs.counters.add((account_id, numbers.series_of(sale.sale_type, sale.document_date or asked.today)))


def _create(asked: Asked[SaleIn], books: Books) -> Changes:
    _check_references(asked, books)
    sale_id = new_id()
    changes = Changes(("sale", sale_id))
    client = _client(asked, books, changes)
    sale = draft(asked.input, sale_id=sale_id, account=asked.account, client=client, today=asked.today, now=asked.now)
    changes.happenings.append(Happening("sale.created", "sale", sale_id, client.id, (None, "draft")))
    if asked.input.issue:
        sale = _issue(sale, asked, books, changes)
    changes.sales.append(sale)
    return changes


CREATE_SALE = Decision(SaleIn, _needs, _create)


def _check_references(asked: Asked[SaleIn], books: Books) -> None:
    sale = asked.input
    unknown = [
        Fault(at("lines", index, "product_id"), "is no product of this account")
        for index, line in enumerate(sale.lines)
        if line.product_id is not None
    ]
    if unknown:
        raise NotFound(faults=unknown)
    if sale.external_id is not None:
        there = books.sale_external_ids.get((asked.account.id, sale.sale_type, sale.external_id))
        if there is not None:
            fault = Fault("external_id", f"is that of the {sale.sale_type} {there}")
            raise Conflict(code="external_id_taken", faults=[fault])


def _client(asked: Asked[SaleIn], books: Books, changes: Changes) -> Client:
    if asked.input.client is not None:
        return parties.found_or_made(asked, asked.input.client, books, changes, path="client.")
    return parties.named(asked, books, asked.input.client_id)


def _issue(sale: Sale, asked: Asked[SaleIn], books: Books, changes: Changes) -> Sale:
    """Issue a draft within `changes`: its number counted, its entry booked, its events fired."""
    series = issuing.series_of(sale)
    counter = books.next_counter(asked.account.id, series)
    issued = issuing.issue(sale, counter=counter, now=asked.now)
    changes.counted.append((series, counter))
    changes.happenings.append(Happening("sale.posted", "sale", sale.id, sale.client_id, (sale.status, issued.status)))
    entry = issuing.booked(issued)
    if entry is not None and entry.postings:
        changes.bookings.append(Booking(entry, sale.id, sale.document_date))
    if issued.sale_type == "sales_invoice" and 0 < issued.total_minor == issued.deposit_minor:
        changes.happenings.append(
            Happening("sale.paid", "sale", sale.id, sale.client_id, (issued.status, issued.status))
        )
    return issued
