"""Tax of credit notes against one invoice: together they bear exactly the tax of what they credit. Pure.

Tax is rounded once for each category and rate of a document. An invoice that is credited part by part would otherwise
end a minor unit above or below its credit notes, by their own rounding: 334.99 credited as 82.00 + 69.00 + 102.00 +
82.00 is one too much. So the tax of a credit note is that of all that is credited by now, less what earlier notes bear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from contracts.primitives.money import from_minor, to_minor
from ledger.sales.amounts import tax_on
from ledger.sales.sale import Sale

TaxRows = Sequence[Mapping[str, Any]]
"""A document's tax breakdown as it is stored: `{category, rate, net, tax}`, amounts as text."""

_ROUNDING_MINOR: Final = 1  # by how much two roundings of one tax may differ; more is another calculation


def with_tax_of_the_rest(note: Sale, earlier: Iterable[TaxRows]) -> Sale:
    """Move a credit note's tax by at most a minor unit for each rate, given the breakdowns of the notes before it.

    Where prices include tax the gross is credited exactly, and nothing moves.
    """
    if note.include_tax:
        return note
    before = _sums(earlier, note.currency)
    rows = [_moved(row, before, note.currency) for row in note.taxes]
    tax_minor = sum(to_minor(row["tax"], note.currency) for row in rows)
    if tax_minor == note.tax_minor:
        return note
    return replace(note, taxes=rows, tax_minor=tax_minor, total_minor=note.net_minor + tax_minor)


def _sums(breakdowns: Iterable[TaxRows], currency: str) -> dict[tuple[str | None, Decimal], tuple[int, int]]:
    """Base and tax in minor units for each category and rate."""
    sums: dict[tuple[str | None, Decimal], tuple[int, int]] = {}
    for rows in breakdowns:
        for row in rows:
            key = row["category"], Decimal(row["rate"])
            base, tax = sums.get(key, (0, 0))
            sums[key] = base + to_minor(row["net"], currency), tax + to_minor(row["tax"], currency)
    return sums


def _moved(
    row: Mapping[str, Any], before: Mapping[tuple[str | None, Decimal], tuple[int, int]], currency: str
) -> dict[str, Any]:
    rate, own = Decimal(row["rate"]), to_minor(row["tax"], currency)
    base, tax = before.get((row["category"], rate), (0, 0))
    rest = tax_on(base + to_minor(row["net"], currency), rate) - tax
    return {**row, "tax": from_minor(rest, currency) if abs(rest - own) <= _ROUNDING_MINOR else row["tax"]}
