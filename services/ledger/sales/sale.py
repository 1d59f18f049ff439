"""A sales document's immutable part, and the draft that follows from an input: pure, before it has a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.command_errors import InvalidInput
from contracts.primitives.money import from_minor, plain, to_minor
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import KINDS, SaleType
from contracts.resources.sale import SaleIn
from contracts.resources.sale_line import AdjustmentIn, LineIn
from contracts.resources.schemas import PAYMENT_METHODS
from ledger.account import Account
from ledger.clients.rules import Client, snapshot
from ledger.errors import at
from ledger.sales import due
from ledger.sales.amounts import AdjustmentFacts, LineFacts, SaleFacts, SaleTotals, Tax, TaxAmount, totals


@dataclass(frozen=True, slots=True)
class Sale:
    """A row of `ledger.sale`. `lines`, `adjustments` and `taxes` are in the form of responses."""

    account_id: UUID
    id: UUID
    sale_type: SaleType
    client_id: UUID
    client: dict[str, Any]
    currency: str
    document_date: date
    date_due: date | None
    date_due_given: bool
    pay_term: dict[str, Any] | None
    operation: str | None
    tax_basis: int | None
    include_tax: bool
    payment_method: str | None
    shipping_type: int | None
    lines: list[dict[str, Any]]
    adjustments: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    shipping_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    deposit_minor: int
    calculation_version: int
    comment: str | None
    external_id: str | None
    created_at: datetime
    invoice_id: UUID | None = None
    payment_id: UUID | None = None
    converted_from: UUID | None = None
    number: str | None = None
    series: str | None = None
    period: int | None = None
    counter: int | None = None
    issued_at: datetime | None = None


def draft(
    ctx: SaleIn,
    *,
    sale_id: UUID,
    account: Account,
    client: Client,
    today: date,
    now: datetime,
    converted_from: UUID | None = None,
) -> Sale:
    """Make a draft: amounts computed, due date determined, the client's snapshot taken.

    `today` is the default of the document's date; the currency is the requested one, else the client's.

    Raises:
        InvalidInput: every fault of amounts and dates with its path.
    """
    currency, document_date = ctx.currency or client.currency, ctx.document_date or today
    computed, date_due = _computed(ctx, currency, document_date, client, account)
    return Sale(
        account_id=account.id,
        id=sale_id,
        sale_type=ctx.sale_type,
        client_id=client.id,
        client=snapshot(client),
        currency=currency,
        document_date=document_date,
        date_due=date_due,
        date_due_given=ctx.date_due is not None,
        pay_term=None if ctx.pay_term is None else ctx.pay_term.model_dump(mode="json"),
        operation=ctx.operation,
        tax_basis=ctx.tax_basis,
        include_tax=ctx.include_tax,
        payment_method=_method(ctx.payment_method),
        shipping_type=ctx.shipping_type,
        lines=[_line(line, amount.net_minor, currency) for line, amount in zip(ctx.lines, computed.lines, strict=True)],
        adjustments=[
            _adjustment(adjustment, amount.net_minor, currency)
            for adjustment, amount in zip(ctx.adjustments, computed.adjustments, strict=True)
        ],
        taxes=[_tax(tax, currency) for tax in computed.taxes],
        shipping_minor=computed.shipping.priced_minor,
        net_minor=computed.net_minor,
        tax_minor=computed.tax_minor,
        total_minor=computed.total_minor,
        deposit_minor=computed.deposit_minor,
        calculation_version=computed.calculation_version,
        comment=ctx.comment,
        external_id=ctx.external_id,
        created_at=now,
        invoice_id=ctx.invoice_id,
        payment_id=ctx.payment_id,
        converted_from=converted_from,
    )


def _computed(
    ctx: SaleIn, currency: str, document_date: date, client: Client, account: Account
) -> tuple[SaleTotals, date | None]:
    """Apply both rules, so that the errors of both are reported together."""
    faults = [
        FieldError(at("lines", index, "unit_price"), f"is required: no product of the account has one in {currency}")
        for index, line in enumerate(ctx.lines)
        if line.unit_price is None
    ]
    computed, date_due = None, None
    try:
        computed = totals(_facts(ctx, currency))
    except InvalidInput as refusal:
        faults.extend(refusal.faults)
    try:
        date_due = due.due_date(
            document_date,
            date_due=ctx.date_due,
            term=None if ctx.pay_term is None else due.PayTerm(ctx.pay_term.type, ctx.pay_term.days),
            default=_term_of(client.pay_term),
            fallback=_term_of(account.default_pay_term) or due.FALLBACK,
            at_once=not KINDS[ctx.sale_type].has_due_date,
        )
    except InvalidInput as refusal:
        faults.extend(refusal.faults)
    if ctx.deposit and KINDS[ctx.sale_type].role == "credit":
        faults.append(FieldError("deposit", "not allowed on a credit note"))
    if faults or computed is None:
        raise InvalidInput(faults=faults)
    return computed, date_due


def _term_of(kept: dict[str, Any] | None) -> due.PayTerm | None:
    return None if kept is None else due.PayTerm(kept["type"], kept["days"])


def _facts(ctx: SaleIn, currency: str) -> SaleFacts:
    return SaleFacts(
        currency=currency,
        lines=tuple(
            LineFacts(
                line.quantity,
                _price(line),
                line.discount or Decimal(0),
                _taxes(line),
                line.discount_amount or Decimal(0),
            )
            for line in ctx.lines
        ),
        adjustments=tuple(
            AdjustmentFacts(adjustment.type, adjustment.mode, adjustment.amount) for adjustment in ctx.adjustments
        ),
        shipping_charge=ctx.shipping_charge or Decimal(0),
        deposit=ctx.deposit or Decimal(0),
        include_tax=ctx.include_tax,
    )


def _price(line: LineIn) -> Decimal:
    """Its price; a missing one was reported earlier."""
    return Decimal(0) if line.unit_price is None else line.unit_price


def _taxes(line: LineIn) -> tuple[Tax, ...]:
    """A category without a rate (exempt, reverse charge) is in the breakdown with 0 %."""
    if line.taxes:
        return tuple(Tax(tax.category or "", tax.rate) for tax in line.taxes)
    if line.tax_rate is None and line.tax_category is None:
        return ()
    return (Tax(line.tax_category or "", line.tax_rate or Decimal(0)),)


def _method(ctx: int | str | None) -> str | None:
    """The name of a method: callers send either the name or PayTraq's number."""
    return PAYMENT_METHODS[ctx] if isinstance(ctx, int) else ctx


def _line(line: LineIn, net_minor: int, currency: str) -> dict[str, Any]:
    rate, category = line.tax_rate, line.tax_category
    if len(line.taxes) == 1:
        rate, category = line.taxes[0].rate, line.taxes[0].category
    several = line.taxes if len(line.taxes) > 1 else []
    return {
        "product_id": None if line.product_id is None else str(line.product_id),
        "item_code": line.item_code,
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit_price": plain(_price(line)),
        "discount": plain(line.discount or Decimal(0)),
        "discount_amount": _in_currency(line.discount_amount, currency) if line.discount_amount else None,
        "tax_rate": None if rate is None else plain(rate),
        "tax_category": category,
        "taxes": [{"category": tax.category, "rate": plain(tax.rate)} for tax in several],
        "unit": line.unit,
        "net": from_minor(net_minor, currency),
    }


def _adjustment(adjustment: AdjustmentIn, net_minor: int, currency: str) -> dict[str, Any]:
    in_currency = adjustment.mode == "amount"
    return {
        "type": adjustment.type,
        "mode": adjustment.mode,
        "amount": _in_currency(adjustment.amount, currency) if in_currency else plain(adjustment.amount),
        "description": adjustment.description,
        "net": from_minor(net_minor, currency),
    }


def _in_currency(amount: Decimal, currency: str) -> str:
    """An amount that fits its currency, with exactly the currency's decimals."""
    return from_minor(to_minor(amount, currency), currency)


def _tax(tax: TaxAmount, currency: str) -> dict[str, Any]:
    return {
        "category": tax.category or None,
        "rate": plain(tax.rate),
        "net": from_minor(tax.base_minor, currency),
        "tax": from_minor(tax.tax_minor, currency),
    }
