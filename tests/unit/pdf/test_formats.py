"""Numbers, money and percentages as locales write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.pdf.formats import formats_of


@pytest.mark.parametrize(
    ("locale", "value", "written"),
    [
        ("en", "1234567.5", "1,234,567.50"),
        ("en", "-1234.5", "-1,234.50"),
        ("en", "999", "999.00"),
        ("en_IN", "1234567.5", "12,34,567.50"),
        ("fr", "1234.5", "1\u202f234,50"),
        ("es", "1234.5", "1.234,50"),
        ("lv", "1234.5678", "1\u00a0234,5678"),
    ],
)
def test_a_number_is_grouped_and_keeps_every_decimal(locale: str, value: str, written: str) -> None:
    assert formats_of(locale).number(value, 2) == written


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**19), max_value=10**19))
def test_no_digit_is_lost_or_made_up(value: Decimal) -> None:
    written = formats_of("lv").number(f"{value:f}")
    assert Decimal(written.replace("\u00a0", "").replace(",", ".")) == value


@pytest.mark.parametrize(
    ("locale", "sign", "written"),
    [
        ("en", "€", "-€5.00"),
        ("en", "CHF", "-CHF\u00a05.00"),
        ("fr", "€", "-5,00\u00a0€"),
        ("lv", "CHF", "-5,00\u00a0CHF"),
    ],
)
def test_money_has_its_sign_where_the_locale_wants_it(locale: str, sign: str, written: str) -> None:
    assert formats_of(locale).money("-5.00", "EUR", sign) == written


def test_a_percentage_keeps_its_decimals() -> None:
    assert formats_of("fr").percent("9.975") == "9,975\u00a0%"
    assert formats_of("en").percent("21") == "21%"
