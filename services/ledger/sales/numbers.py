"""Format document numbers and assign their series; the counter itself is a row in SQL.

A series runs from 1 without gaps within a period, the year of the document's date. The number is assigned on issue, as
the transaction's last statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from contracts.resources.document_kinds import KINDS
from contracts.resources.number_format import DEFAULT_NUMBER_FORMAT, render
from ledger.sales.transitions import Kind

PREFIXES: Final = MappingProxyType[Kind, str]({name: kind.prefix for name, kind in KINDS.items()})
"""One series for each kind of document; payments have none, their reference is the payer's."""


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """What one counter row counts: `prefix` by the kind, `period` the year (1 to 9999)."""

    prefix: str
    period: int


def series_of(kind: Kind, document_date: date) -> Series:
    """The series in which a document of this kind and date is numbered.

    Raises:
        KeyError: payments are not numbered; a mistake of ours.
    """
    return Series(PREFIXES[kind], document_date.year)


def spell(series: Series, counter: int, number_format: str = DEFAULT_NUMBER_FORMAT) -> str:
    """The number as people see it: `INV-2026-000001` by the default format.

    Raises:
        ValueError: counters begin at 1.
    """
    if counter < 1:
        raise ValueError(f"a counter begins at 1, not at {counter}")
    return render(number_format, prefix=series.prefix, year=series.period, counter=counter)
