"""Turn a draft into an issued document: its number, its state and what it books. Pure; the draft stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from contracts.money import MINOR_MAX
from ledger.documents import numbers, states
from ledger.documents.sale import Sale
from ledger.journal import rules as journal


def series_of(sale: Sale) -> numbers.Series:
    """The series in which this document is numbered."""
    return numbers.series_of(sale.sale_type, sale.document_date)


def issue(draft: Sale, *, counter: int, now: datetime) -> Sale:
    """Give the document its number and the state that issuing leads to.

    Raises:
        StateForbids: it is no draft, or its kind needs something that is not there (a receipt its payment).
    """
    facts = states.Facts(
        total_minor=draft.total_minor,
        creditable_minor=MINOR_MAX,  # a credit note that names no invoice stands alone
        payment_status="failed",  # a receipt is made from its payment, and this one was not
    )
    series = series_of(draft)
    return replace(
        draft,
        status=states.decide(draft.sale_type, draft.status, "issue", facts),
        number=numbers.spell(series, counter),
        series=series.prefix,
        period=series.period,
        counter=counter,
        issued_at=now,
        updated_at=now,
    )


def booked(sale: Sale) -> journal.Entry | None:
    """What issuing this document books; None for what is no claim yet (a quote, an order, a proforma)."""
    party = journal.Party(sale.client_id, sale.currency)
    match sale.sale_type:
        case "sales_invoice":
            return journal.issue(
                party, sale.id, net_minor=sale.net_minor, tax_minor=sale.tax_minor, deposit_minor=sale.deposit_minor
            )
        case "credit_note":
            return journal.credit_note(party, sale.id, net_minor=sale.net_minor, tax_minor=sale.tax_minor)
        case "sales_estimate" | "sales_order" | "sales_proforma" | "sales_receipt":
            return None
        case _:
            assert_never(sale.sale_type)
