"""Decide `create_sale`: from what was asked to a draft or an issued document, its entry and events.

Creating and issuing at once is two transitions, so it fires two events: `sale.created`, then `sale.posted`.
"""

from __future__ import annotations

from contracts.ids import new_id
from contracts.objects import SaleIn
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents import issuing, numbers, references
from ledger.documents.sale import draft
from ledger.documents.standing import standing_of
from ledger.products import lines


def _needs(asked: Asked[SaleIn], needs: Needs) -> None:
    sale = asked.input
    references.need(asked, needs, client_id=sale.client_id, client=sale.client, external_id=sale.external_id)
    references.need_others(asked, needs, invoice_id=sale.invoice_id, payment_id=sale.payment_id)
    lines.need(asked, sale.lines, needs)
    if sale.issue:
        series = numbers.series_of(sale.sale_type, sale.document_date or asked.today)
        needs.counters.add((asked.account.id, series))


def _create(asked: Asked[SaleIn], books: Books) -> Changes:
    references.check_external_id(asked, books, asked.input)
    sale_id = new_id()
    changes = Changes(("sale", sale_id), http_status=201)
    client = references.client_of(asked, books, changes, asked.input)
    given = references.referring(asked, books, asked.input, client)
    given = lines.with_products(asked, books, changes, given, currency=given.currency or client.currency)
    sale = draft(given, sale_id=sale_id, account=asked.account, client=client, today=asked.today, now=asked.now)
    standing = standing_of(sale, now=asked.now)
    changes.sales[sale_id] = sale
    changes.stand(standing)
    changes.tell("sale.created", None, standing)
    if given.issue:
        issuing.issue_within(changes, sale, standing, asked, books)
    return changes


CREATE_SALE = Decision(SaleIn, _needs, _create)
