"""Check what a document refers to: products, its client, the invoice that it credits, the payment that it is for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contracts.objects import SaleIn
from ledger.books import Asked, Books, Changes, Needs
from ledger.documents.standing import Standing
from ledger.errors import BadInput, Conflict, Fault, Faults, NotFound, StateForbids
from ledger.parties import handlers as parties
from ledger.parties.rules import Client
from ledger.payments.payment import Payment


def need(asked: Asked[Any], needs: Needs, *, client_id: UUID | None, client: Any, external_id: str | None) -> None:
    """Ask for a document's client, and for who has its external id."""
    if client_id is not None:
        needs.clients.add(asked.key(client_id))
    if client is not None:
        parties.need(asked, client, needs)
    if external_id is not None:
        needs.sale_external_ids.add((asked.account.id, external_id))


def need_others(asked: Asked[Any], needs: Needs, *, invoice_id: UUID | None, payment_id: UUID | None) -> None:
    """Ask for the invoice and the payment that a document refers to."""
    if invoice_id is not None:
        needs.sales.add(asked.key(invoice_id))
        needs.credited.add(asked.key(invoice_id))
    if payment_id is not None:
        needs.payments.add(asked.key(payment_id))


def check_external_id(asked: Asked[Any], books: Books, sale: SaleIn, *, own_id: UUID | None = None) -> None:
    """Let an external id be given once for each kind of document.

    Raises:
        Conflict: another document has it.
    """
    if sale.external_id is not None:
        there = books.sale_external_ids.get((asked.account.id, sale.sale_type, sale.external_id))
        if there not in {None, own_id}:
            fault = Fault("external_id", f"is that of the {sale.sale_type} {there}")
            raise Conflict(code="external_id_taken", faults=[fault])


def client_of(asked: Asked[Any], books: Books, changes: Changes, sale: SaleIn) -> Client:
    """The client that a document is for, found or made.

    Raises:
        NotFound: this account has none with this id; StateForbids: it is archived; QuotaExceeded: it is one too many.
    """
    if sale.client is not None:
        return parties.found_or_made(asked, sale.client, books, changes, path="client.")
    return parties.named_for_document(asked, books, sale.client_id)


def referring(asked: Asked[Any], books: Books, sale: SaleIn, client: Client) -> SaleIn:
    """The same document in the currency of what it refers to, when it names none itself.

    Raises:
        NotFound: what it refers to is not there.
        BadInput: that is of another kind, another client's or in another currency.
        StateForbids: the invoice to be credited is not issued.
    """
    other: Standing | Payment | None = None
    if sale.invoice_id is not None:
        other = _invoice(asked, books, sale.invoice_id)
    elif sale.payment_id is not None:
        other = _payment(asked, books, sale.payment_id)
    if other is None:
        return sale
    field, faults = ("invoice_id" if sale.invoice_id is not None else "payment_id"), Faults()
    if other.client_id != client.id:
        faults.add(field, "is another client's")
    if sale.currency not in {None, other.currency}:
        faults.add("currency", f"must be that of what it refers to: {other.currency}")
    faults.refuse_if_any()
    if isinstance(other, Standing) and other.status != "issued":
        fault = Fault("invoice_id", f"is {other.status.replace('_', ' ')}: only an issued invoice can be credited")
        raise StateForbids(faults=[fault], code="invoice_not_issued")
    return sale.model_copy(update={"currency": other.currency})


def _invoice(asked: Asked[Any], books: Books, invoice_id: UUID) -> Standing:
    invoice = books.standings.get(asked.key(invoice_id))
    if invoice is None:
        raise NotFound(faults=[Fault("invoice_id", "is no sale of this account")])
    if invoice.sale_type != "sales_invoice":
        raise BadInput(faults=[Fault("invoice_id", "is no invoice")])
    return invoice


def _payment(asked: Asked[Any], books: Books, payment_id: UUID) -> Payment:
    payment = books.payments.get(asked.key(payment_id))
    if payment is None:
        raise NotFound(faults=[Fault("payment_id", "is no payment of this account")])
    return payment
