"""Numbers as people see them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.resources.number_format import read_number_format
from ledger.sales.numbers import PREFIXES, Series, series_of, spell
from ledger.sales.transitions import KINDS


def test_an_invoice_is_numbered_in_the_year_of_its_own_date() -> None:
    assert spell(series_of("sales_invoice", date(2026, 1, 31)), 1) == "INV-2026-000001"


def test_each_kind_of_document_has_a_series_of_its_own() -> None:
    documents = [kind for kind in KINDS if kind != "payment"]
    assert len({PREFIXES[kind] for kind in documents}) == len(documents)


def test_a_number_grows_beyond_six_digits() -> None:
    assert spell(Series("INV", 2026), 1_000_000) == "INV-2026-1000000"


@pytest.mark.parametrize("counter", [0, -1])
def test_counting_begins_at_one(counter: int) -> None:
    with pytest.raises(ValueError, match="begins at 1"):
        spell(Series("INV", 2026), counter)


@pytest.mark.parametrize(
    ("number_format", "number"),
    [
        ("{prefix}-{year}-{number:6}", "INV-2026-000042"),
        ("{prefix} {number}/{year}", "INV 42/2026"),
        ("Shop.{year}.{prefix}/{number:4}", "Shop.2026.INV/0042"),
    ],
)
def test_an_account_chooses_the_form_of_its_numbers(number_format: str, number: str) -> None:
    assert read_number_format(number_format) == number_format
    assert spell(Series("INV", 2026), 42, number_format) == number


@pytest.mark.parametrize(
    ("number_format", "fault"),
    [
        ("", "once each"),
        ("{prefix}-{number}", "once each"),
        ("{prefix}-{year}-{number}-{number}", "once each"),
        ("{prefix}-{year}-{number:0}", "once each"),
        ("{prefix}-{year}{number}", "between its fields"),
        ("7{prefix}-{year}-{number}", "letters, spaces"),
        ("{prefix}-{year}-{number}{client}", "letters, spaces"),
        ("{prefix}-{year}-{number}\n", "letters, spaces"),
    ],
)
def test_a_format_in_which_numbers_could_meet_is_refused(number_format: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_number_format(number_format)


counted = st.tuples(st.sampled_from(sorted(PREFIXES.values())), st.integers(1900, 2199), st.integers(1, 10**12))
formats = st.sampled_from(["{prefix}-{year}-{number:6}", "{number}/{prefix}/{year}", "No {year}.{number:3} {prefix}x"])


@given(counted, counted, formats, formats)
def test_two_documents_never_share_a_number_whatever_the_formats(
    one: tuple[str, int, int], other: tuple[str, int, int], first: str, second: str
) -> None:
    spelled = [
        spell(Series(prefix, year), counter, by) for (prefix, year, counter), by in ((one, first), (other, second))
    ]
    assert one == other or spelled[0] != spelled[1]
