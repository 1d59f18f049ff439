"""Compare a message's stated amounts with its draft's: pure, before anything is issued or paid.

A document that differs from its sender's amounts stays a draft: a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from contracts.primitives.money import MoneyError, from_minor, to_minor
from contracts.resources.inbox import MessageWarning, message_warning
from ledger.inbox.document import Document
from ledger.inbox.draft_from_message import tax_rate
from ledger.sales.sale import Sale

LINES_NAMED_MAX: Final = 20
"""How many lines are named in warnings: people need examples, and a message may have thousands of lines."""


def disagreements(document: Document, sale: Sale) -> list[MessageWarning]:
    """Return what the message states otherwise than its draft, both figures in each; empty where they agree."""
    found = [*_amounts(document, sale)]
    if found or document.gross_amount is None or document.net_amount is None:
        found += _unknown_taxes(document)  # nothing confirms that they equal the draft's
    return found


def _amounts(document: Document, sale: Sale) -> Iterator[MessageWarning]:
    amounts = (
        ("net_amount", document.net_amount, sale.net_minor),
        ("gross_amount", document.gross_amount, sale.total_minor),
        ("prepaid_amount", document.prepaid_amount, sale.deposit_minor),
        ("rounding_amount", document.rounding_amount, 0),
        ("payable_amount", document.payable_amount, sale.total_minor - sale.deposit_minor),
    )
    for name, stated, computed in amounts:
        yield from _unlike(f"document.{name}", stated, computed, sale.currency)
    yield from _taxes(document, sale)


def _taxes(document: Document, sale: Sale) -> Iterator[MessageWarning]:
    """Compare the taxes by their rates, as different rates may come to the same total."""
    stated: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for tax in document.taxes:
        if tax.rate is not None and tax.tax_amount is not None:
            stated[tax.rate] += tax.tax_amount
    for rate, amount in stated.items():
        computed = sum(to_minor(row["tax"], sale.currency) for row in sale.taxes if Decimal(row["rate"]) == rate)
        yield from _unlike("document.taxes", amount, computed, sale.currency, of=f"{rate.normalize():f} % tax ")


def _unlike(path: str, stated: Decimal | None, computed: int, currency: str, of: str = "") -> Iterator[MessageWarning]:
    if stated is not None and _minor(stated, currency) != computed:
        message = f"is {of}{stated:f}, but the draft has {from_minor(computed, currency)}"
        yield message_warning("totals_differ", path, message)


def _unknown_taxes(document: Document) -> Iterator[MessageWarning]:
    lines = [
        (index, line)
        for index, line in enumerate(document.lines)
        if (line.tax_name or line.tax_key) and tax_rate(line) is None
    ]
    for index, line in lines[:LINES_NAMED_MAX]:
        path = f"document.lines[{index}].{'tax_name' if line.tax_name else 'tax_key'}"
        message = f"is {line.tax_name or line.tax_key!r}, which is no rate: the line bears its product's tax or none"
        yield message_warning("unknown_tax", path, message)
    if len(lines) > LINES_NAMED_MAX:
        message = f"has {len(lines) - LINES_NAMED_MAX} more lines with a tax that is no rate"
        yield message_warning("unknown_tax", "document.lines", message)
    if document.shipping_charge and _shipping_differs(document):
        message = "has a tax of its own: in the draft it bears the taxes of the lines"
        yield message_warning("unknown_tax", "document.shipping_charge", message)


def _shipping_differs(document: Document) -> bool:
    if document.shipping_tax_rate is None:
        return bool(document.shipping_tax_name or document.shipping_tax_key)
    return any((tax_rate(line) or Decimal(0)) != document.shipping_tax_rate for line in document.lines)


def _minor(amount: Decimal, currency: str) -> int | None:
    try:
        return to_minor(amount, currency, rounded=True)
    except MoneyError:
        return None
