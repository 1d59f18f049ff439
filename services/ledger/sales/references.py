"""Check what a document refers to: products, its client, the invoice that it credits, the payment that it is for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contracts.command_errors import Conflict, InvalidInput, NotFound, StateForbids
from contracts.primitives.problem import FieldError
from contracts.resources.sale import SaleIn
from ledger.clients import handlers as parties
from ledger.clients.rules import Client
from ledger.clients.state import ClientPlan
from ledger.errors import Faults
from ledger.payments.payment import Payment
from ledger.payments.state import LoadedPayments, PaymentPlan
from ledger.sales.document_state import DocumentState
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def need(
    ctx: CommandContext[Any], plan: ReadPlan, *, client_id: UUID | None, client: Any, external_id: str | None
) -> None:
    """Plan the reads of a document's client, and of its external id."""
    if client_id is not None:
        plan[ClientPlan].ids.add(ctx.key(client_id))
    if client is not None:
        parties.need(ctx, client, plan)
    if external_id is not None:
        plan[SalePlan].external_ids.add((ctx.account.id, external_id))


def need_others(ctx: CommandContext[Any], plan: ReadPlan, *, invoice_id: UUID | None, payment_id: UUID | None) -> None:
    """Plan the reads of the invoice and the payment that a document refers to."""
    if invoice_id is not None:
        plan[SalePlan].states.add(ctx.key(invoice_id))
        plan[SalePlan].credited.add(ctx.key(invoice_id))
    if payment_id is not None:
        plan[PaymentPlan].ids.add(ctx.key(payment_id))


def check_external_id(
    ctx: CommandContext[Any], state: LoadedState, sale: SaleIn, *, own_id: UUID | None = None
) -> None:
    """Check that an external id is unique for each kind of document.

    Raises:
        Conflict: another document has it.
    """
    if sale.external_id is not None:
        there = state[LoadedSales].external_ids.get((ctx.account.id, sale.sale_type, sale.external_id))
        if there not in {None, own_id}:
            fault = FieldError("external_id", f"is that of the {sale.sale_type} {there}")
            raise Conflict(code="external_id_taken", faults=[fault])


def client_of(ctx: CommandContext[Any], state: LoadedState, changes: ChangeSet, sale: SaleIn) -> Client:
    """The client that a document is for, found or made.

    Raises:
        NotFound: this account has none with this id; StateForbids: it is archived; QuotaExceeded: it is one too many.
    """
    if sale.client is not None:
        return parties.found_or_made(ctx, sale.client, state, changes, path="client.")
    return parties.named_for_document(ctx, state, sale.client_id)


def referring(ctx: CommandContext[Any], state: LoadedState, sale: SaleIn, client: Client) -> SaleIn:
    """The same document in the currency of what it refers to, when it names none itself.

    Raises:
        NotFound: what it refers to is not there.
        InvalidInput: that is of another kind, another client's or in another currency.
        StateForbids: the invoice to be credited is not issued.
    """
    other: DocumentState | Payment | None = None
    if sale.invoice_id is not None:
        other = _invoice(ctx, state, sale.invoice_id)
    elif sale.payment_id is not None:
        other = _payment(ctx, state, sale.payment_id)
    if other is None:
        return sale
    field, faults = ("invoice_id" if sale.invoice_id is not None else "payment_id"), Faults()
    if other.client_id != client.id:
        faults.add(field, "is another client's")
    if sale.currency not in {None, other.currency}:
        faults.add("currency", f"must be that of what it refers to: {other.currency}")
    faults.refuse_if_any()
    if isinstance(other, DocumentState) and other.status != "issued":
        fault = FieldError("invoice_id", f"is {other.status.replace('_', ' ')}: only an issued invoice can be credited")
        raise StateForbids(faults=[fault], code="invoice_not_issued")
    return sale.model_copy(update={"currency": other.currency})


def _invoice(ctx: CommandContext[Any], state: LoadedState, invoice_id: UUID) -> DocumentState:
    invoice = state[LoadedSales].states.get(ctx.key(invoice_id))
    if invoice is None:
        raise NotFound(faults=[FieldError("invoice_id", "unknown sale")])
    if invoice.role != "receivable":
        raise InvalidInput(faults=[FieldError("invoice_id", "is no invoice")])
    return invoice


def _payment(ctx: CommandContext[Any], state: LoadedState, payment_id: UUID) -> Payment:
    payment = state[LoadedPayments].payments.get(ctx.key(payment_id))
    if payment is None:
        raise NotFound(faults=[FieldError("payment_id", "unknown payment")])
    return payment
