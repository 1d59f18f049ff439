"""Numbers as people see them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.sales.numbers import PREFIXES, Series, read, series_of, spell
from ledger.sales.transitions import KINDS


def test_an_invoice_is_numbered_in_the_year_of_its_own_date() -> None:
    assert spell(series_of("sales_invoice", date(2026, 1, 31)), 1) == "INV-2026-000001"


def test_each_kind_of_document_has_a_series_of_its_own() -> None:
    documents = [kind for kind in KINDS if kind != "payment"]
    assert len({PREFIXES[kind] for kind in documents}) == len(documents) == 6


def test_a_number_grows_beyond_six_digits() -> None:
    assert spell(Series("INV", 2026), 1_000_000) == "INV-2026-1000000"


@pytest.mark.parametrize("counter", [0, -1])
def test_counting_begins_at_one(counter: int) -> None:
    with pytest.raises(ValueError, match="begins at 1"):
        spell(Series("INV", 2026), counter)


@given(st.sampled_from(sorted(PREFIXES.values())), st.dates(), st.integers(1, 10**12))
def test_a_number_can_be_taken_apart_again(prefix: str, day: date, counter: int) -> None:
    series = Series(prefix, day.year)
    assert read(spell(series, counter)) == (series, counter)


@pytest.mark.parametrize(
    "text", ["", "INV-2026-1", "ABC-2026-000001", "INV-2026-000000", "INV-2026-0000001", "inv-2026-000001"]
)
def test_what_is_none_of_our_numbers_is_told_apart(text: str) -> None:
    assert read(text) is None
