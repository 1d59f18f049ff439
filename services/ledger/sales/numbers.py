"""Format document numbers and assign their series; the counter itself is a row in SQL.

A series runs from 1 without gaps within a period, the year of the document's date. The number is assigned on issue, as
the transaction's last statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from contracts.resources.document_kinds import KINDS
from ledger.sales.transitions import Kind

PREFIXES: Final = MappingProxyType[Kind, str]({name: kind.prefix for name, kind in KINDS.items()})
"""One series for each kind of document; payments have none, their reference is the payer's."""

_COUNTER_DIGITS: Final = 6  # more when a year has a million
_SPELLED: Final = re.compile(r"([A-Z]{2,3})-([0-9]{4})-([0-9]{6,18})", re.ASCII)


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


def spell(series: Series, counter: int) -> str:
    """The number as people see it: `INV-2026-000001`.

    Raises:
        ValueError: counters begin at 1.
    """
    if counter < 1:
        raise ValueError(f"a counter begins at 1, not at {counter}")
    return f"{series.prefix}-{series.period:04d}-{counter:0{_COUNTER_DIGITS}d}"


def read(number: str) -> tuple[Series, int] | None:
    """Parse a number, for the check that a series has no gaps; None when it has another form."""
    match = _SPELLED.fullmatch(number)
    if match is None:
        return None
    series, counter = Series(match[1], int(match[2])), int(match[3])
    known = series.prefix in PREFIXES.values() and counter > 0 and spell(series, counter) == number
    return (series, counter) if known else None
