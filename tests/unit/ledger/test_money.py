"""Money at the border: `contracts.primitives.money`."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency
from pydantic import BaseModel, ValidationError

from contracts.primitives.currencies import CURRENCIES, DECIMALS
from contracts.primitives.money import (
    MINOR_MAX,
    CurrencyCode,
    MoneyError,
    MoneyOverflow,
    MoneyText,
    Percent,
    PositiveMoneyText,
    Quantity,
    SignedMoneyText,
    TooPrecise,
    UnitPrice,
    UnknownCurrency,
    digits,
    from_minor,
    is_currency,
    round_half_up,
    to_minor,
)

some_currency = st.sampled_from(sorted(CURRENCIES))
some_minor = st.integers(-MINOR_MAX, MINOR_MAX)


class Everything(BaseModel):
    money: MoneyText = Decimal(0)
    positive: PositiveMoneyText = Decimal(1)
    signed: SignedMoneyText = Decimal(0)
    quantity: Quantity = Decimal(0)
    price: UnitPrice = Decimal(0)
    percent: Percent = Decimal(0)
    currency: CurrencyCode = "EUR"


def read(**fields: Any) -> Everything:
    return Everything.model_validate(fields)


def test_the_frozen_minor_units_are_those_of_iso_4217() -> None:
    listed = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
    withdrawn = DECIMALS.keys() - listed.keys()
    assert {code: DECIMALS.get(code) for code in listed} == listed
    assert withdrawn == {
        "ANG",
        "BGN",
        "BYR",
        "CUC",
        "EEK",
        "HRK",
        "LTL",
        "LVL",
        "MRO",
        "SLL",
        "STD",
        "VEF",
        "ZMK",
        "ZWL",
    }


def test_every_currency_that_was_legal_tender_since_2010_is_known() -> None:
    tender = {
        code
        for rows in get_global("territory_currencies").values()
        for code, _since, until, is_tender in rows
        if is_tender and (until is None or date(*until) >= date(2010, 1, 1))
    }
    assert tender <= CURRENCIES


@pytest.mark.parametrize(
    ("currency", "places"),
    [
        ("EUR", 2), ("JPY", 0), ("KWD", 3), ("USD", 2), ("HUF", 2), ("RSD", 2), ("ALL", 2), ("LBP", 2), ("IRR", 2),
        ("IQD", 3), ("CLF", 4), ("UYW", 4), ("UYI", 0), ("BYR", 0), ("STD", 2),
    ],
)  # fmt: skip
def test_a_currency_has_its_digits(currency: str, places: int) -> None:
    assert digits(currency) == places


@pytest.mark.parametrize("code", ["EUR", "HRK", "VES", "CHE", "CLF"])
def test_money_that_is_or_recently_was_legal_tender_is_a_currency(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize("code", ["eur", "XXX", "XAU", "XTS", "DEM", "", "EURO", "€", "E R"])
def test_anything_else_is_no_currency(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(UnknownCurrency):
        digits(code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("165.01", "EUR", 16501),
        ("165", "EUR", 16500),
        ("165.010000", "EUR", 16501),
        ("-0.05", "EUR", -5),
        ("165", "JPY", 165),
        ("165.0", "JPY", 165),
        ("1.25", "KWD", 1250),
        ("4250.58", "RSD", 425058),
        ("1.2345", "CLF", 12345),
        ("0", "EUR", 0),
        ("92000000000000000.00", "EUR", MINOR_MAX),
    ],
)
def test_an_amount_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor
    assert to_minor(Decimal(text), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (16501, "EUR", "165.01"),
        (165, "JPY", "165"),
        (1250, "KWD", "1.250"),
        (1266, "RSD", "12.66"),
        (1, "UYW", "0.0001"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
    ],
)
def test_minor_units_are_written_with_exactly_the_currencys_decimals(minor: int, currency: str, text: str) -> None:
    assert from_minor(minor, currency) == text


@given(some_minor, some_currency)
def test_writing_and_reading_an_amount_gives_it_back(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor


@pytest.mark.parametrize(("text", "currency"), [("1.001", "EUR"), ("0.5", "JPY"), ("1.0001", "KWD"), ("1e-400", "EUR")])
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(TooPrecise) as refusal:
        to_minor(Decimal(text), currency)
    assert refusal.value.code == "too_many_decimals"


def test_more_decimals_are_rounded_half_up_when_asked() -> None:
    assert to_minor("1.005", "EUR", rounded=True) == 101
    assert to_minor("-1.005", "EUR", rounded=True) == -101
    assert to_minor("0.5", "JPY", rounded=True) == 1
    assert to_minor("0.4" + "9" * 50, "JPY", rounded=True) == 0


def test_a_long_fraction_is_rounded_once_and_not_twice() -> None:
    assert round_half_up(Decimal("0.4" + "9" * 200)) == 0


@pytest.mark.parametrize("amount", ["92000000000000000.01", "1" + "0" * 30, Decimal("1e30"), Decimal("1e999999")])
def test_more_than_a_column_holds_is_an_overflow(amount: Decimal | str) -> None:
    with pytest.raises(MoneyOverflow) as refusal:
        to_minor(amount, "EUR")
    assert isinstance(refusal.value, ValueError)
    assert refusal.value.code == "amount_overflow"


@pytest.mark.parametrize(
    "amount", ["", "12,50", "1e3", "1_000", " 1", "\N{ARABIC-INDIC DIGIT ONE}", "NaN", "Infinity", ".5", "5.", "+5"]
)
def test_a_text_that_is_no_plain_decimal_is_refused(amount: str) -> None:
    with pytest.raises(MoneyError):
        to_minor(amount, "EUR")
    with pytest.raises(ValidationError):
        read(money=amount)


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_what_is_not_finite_is_no_amount(amount: Decimal) -> None:
    with pytest.raises(MoneyError):
        to_minor(amount, "EUR")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_rounding_moves_an_amount_by_at_most_a_half(amount: Decimal) -> None:
    assert abs(round_half_up(amount) - amount) <= Decimal("0.5")


@pytest.mark.parametrize("sent", ["12.50", 12.5, Decimal("12.5"), "012.5000000"])
def test_a_field_takes_text_and_numbers_alike(sent: object) -> None:
    assert read(money=sent).money == Decimal("12.5")


def test_a_field_takes_json_numbers_as_they_were_written() -> None:
    model = Everything.model_validate_json('{"money": 0.1, "quantity": 3, "price": 26.0347, "percent": 9.975}')
    assert (model.money, model.quantity, model.price, model.percent) == (
        Decimal("0.1"),
        Decimal(3),
        Decimal("26.0347"),
        Decimal("9.975"),
    )


def test_a_json_number_that_a_double_does_not_carry_exactly_is_refused_with_advice() -> None:
    with pytest.raises(ValidationError, match="send it as text"):
        read(price=0.1234567890123456)


@given(st.decimals(min_value=0, max_value=Decimal("9999999.99999999"), places=8))
def test_a_json_number_of_up_to_fifteen_digits_arrives_unchanged(value: Decimal) -> None:
    assert read(price=float(value)).price == value


@pytest.mark.parametrize("sent", [True, None, [], {}, b"1", float("nan"), float("inf"), Decimal("NaN"), object()])
def test_what_is_no_number_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError, match="must be a decimal number"):
        read(money=sent)


@pytest.mark.parametrize(
    ("field", "sent", "message"),
    [
        ("money", "-0.01", "must be 0 or more"),
        ("money", -1, "must be 0 or more"),
        ("money", 1e30, "at most 19 digits before and 4 after"),
        ("money", 10**30, "at most 19 digits before and 4 after"),
        ("money", "0.00001", "at most 19 digits before and 4 after"),
        ("positive", "0", "must be more than 0"),
        ("positive", "-1", "must be more than 0"),
        ("quantity", "-1", "must be 0 or more"),
        ("quantity", "1" + "0" * 12, "at most 12 digits before and 8 after"),
        ("price", "0.000000001", "at most 12 digits before and 8 after"),
        ("percent", "100.000001", "must be 100 or less"),
        ("percent", "-1", "must be 0 or more"),
        ("currency", "eur", "ISO 4217"),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range(field: str, sent: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(**{field: sent})


def test_other_peoples_totals_may_be_below_zero() -> None:
    assert read(signed="-12.50").signed == Decimal("-12.5")


def test_a_number_of_ten_thousand_digits_is_refused_like_any_other() -> None:
    with pytest.raises(ValidationError, match="at most 19 digits"):
        read(money=10**10_000)


def test_an_exact_decimal_is_written_as_plain_text() -> None:
    written = json.loads(read(price="0.00000001", money=-0.0, quantity=1e11).model_dump_json())
    assert (written["price"], written["quantity"]) == ("0.00000001", "100000000000")
    assert written["money"].startswith("0")


def test_the_schema_of_a_field_says_what_it_takes() -> None:
    schema = Everything.model_json_schema()["properties"]["percent"]
    assert schema["anyOf"][1] == {"type": "number", "minimum": 0, "maximum": 100}
    assert schema["anyOf"][0]["type"] == "string"
