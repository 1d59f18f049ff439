"""Convert single values: the text of an element or a field to a date, a number or a code.

Every function here takes the text that was sent (not empty, no space at its ends) and raises `InvalidValue`, whose
message follows the element's path in a response: "/Sale/Header/Currency" "is not ...".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeVar, get_args

from pydantic_core import PydanticCustomError

from contracts.primitives.money import STATED_DECIMALS_MAX, ExactDecimal, MoneyText, is_currency
from contracts.values import YEARS

T = TypeVar("T")
Convert = Callable[[str], T]

SHOWN_CHARS: Final = 40  # how much of a wrong value a message repeats

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_XML_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[\d:.]{1,20})?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_COMPACT_DATE: Final = re.compile(r"\d{8}(?:\d{4}|\d{6})?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s/<>\"']+[^\s<>\"']*", re.IGNORECASE)
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PERCENT_NAME: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%?", re.ASCII)

UnsignedAmount = Annotated[Decimal, ExactDecimal(whole_digits=15, decimals=STATED_DECIMALS_MAX)]
"""An amount as another party states it, 0 or more, unrounded."""

PaymentMethod = Literal[0, 1, 2, 3, 4, 5, 6]
ShippingType = Literal[0, 1, 2, 3]
TaxBasis = Literal[1, 2]
PayTermType = Literal[0, 1, 2, 3, 4]


class InvalidValue(ValueError):
    """The text is not a valid value; the message says what is expected, with an example."""


def shorten(text: str) -> str:
    """Quote a value in a message: its start only, control characters escaped."""
    return repr(text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "...")


def as_date(text: str) -> date:
    """Read YYYY-MM-DD, a day that exists, within the years that the ledger reads (`YEARS`)."""
    if not _DATE.fullmatch(text):
        raise InvalidValue("is not a date: use YYYY-MM-DD, e.g. 2014-01-30")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"is not a date, there is no {text}: use YYYY-MM-DD, e.g. 2014-01-30") from None
    if day.year not in YEARS:
        raise InvalidValue(f"is not within the years {YEARS[0]} to {YEARS[-1]}: use YYYY-MM-DD, e.g. 2014-01-30")
    return day


def as_xml_date(text: str) -> date:
    """Read an xs:date or xs:dateTime: the day as written, its zone and time of day left out."""
    match = _XML_DATE.fullmatch(text)
    return as_date(match[1] if match else text)


def as_compact_date(text: str) -> date:
    """Read a date of UN/ECE 2379: YYYYMMDD, also with a time behind it, or an xs:date where a sender writes one."""
    if _COMPACT_DATE.fullmatch(text):
        return as_date(f"{text[:4]}-{text[4:6]}-{text[6:8]}")
    return as_xml_date(text)


def as_flag(text: str) -> bool:
    """Read an xs:boolean: true, false, 1 or 0."""
    if text not in {"true", "false", "1", "0"}:
        raise InvalidValue(f"is {shorten(text)}: use true, false, 1 or 0")
    return text in {"true", "1"}


def as_currency(text: str) -> str:
    """Read a currency code of ISO 4217, in capitals."""
    if not is_currency(text):
        raise InvalidValue(f"is {shorten(text)}, not a currency code of ISO 4217: use three capitals, e.g. EUR")
    return text


def as_web_address(text: str) -> str:
    """Read an absolute http or https address; anything else (javascript:, file:) must never become a link."""
    if not _WEB_ADDRESS.fullmatch(text):
        raise InvalidValue("is not a web address: use https://..., e.g. https://supplier.example/invoices/1001")
    return text_within(2048)(text)


def as_tax_rate(text: str) -> Decimal | None:
    """Read the percent that a tax's name consists of ("21%", "21"); None for a name in words ("Reduced")."""
    match = _PERCENT_NAME.fullmatch(text)
    if match is None or (rate := Decimal(match[1])) > 100:  # noqa: PLR2004  of a hundred
        return None
    return rate


def text_within(chars_max: int) -> Convert[str]:
    """Take text as it is, up to a length."""

    def convert(text: str) -> str:
        if len(text) > chars_max:
            raise InvalidValue(f"is longer than {chars_max} characters")
        return text

    return convert


def legal(text: str) -> str:
    """Take text of the characters that XML 1.0 allows: neither Postgres nor an XML response can hold others."""
    if _ILLEGAL.search(text):
        raise InvalidValue("has a control character or half a character pair, which cannot be kept: leave it out")
    return text


def made_legal(text: str) -> str:
    """Replace the characters that no response may hold."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_of(choices: tuple[T, ...]) -> Convert[T]:
    """Take exactly one of a closed list."""
    known = {str(choice): choice for choice in choices}
    listed = ", ".join(known)

    def convert(text: str) -> T:
        try:
            return known[text]
        except KeyError:
            raise InvalidValue(f"is {shorten(text)}: use one of {listed}") from None

    return convert


def whole_within(least: int, most: int) -> Convert[int]:
    """Take a whole number in decimal digits, both bounds included."""

    def convert(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise InvalidValue(f"is {shorten(text)}: use a whole number from {least} to {most}")
        return int(text)

    return convert


def number(kind: object) -> Convert[Decimal]:
    """Take an exact decimal within the bounds of one of the annotated kinds of `contracts.primitives.money`.

    Plain notation only: "1250.50", also "+1", ".5" and "5." as XML Schema writes decimals; no exponent, no NaN, no
    grouping. The scale stays as it was sent, up to `STATED_DECIMALS_MAX` decimals; further ones are cut off.
    """
    rule = get_args(kind)[1]
    if not isinstance(rule, ExactDecimal):
        raise TypeError(kind)

    def convert(text: str) -> Decimal:
        try:
            return rule.read(_as_json_writes_it(text))
        except PydanticCustomError as error:
            raise InvalidValue(f"is {shorten(text)}: it {error.message()}") from None

    return convert


def adjustment_amount(*, pct: bool) -> Convert[Decimal]:
    """Take the amount of a charge or discount: 0 or more, at most 100 when it is percent."""
    return number(Annotated[Decimal, ExactDecimal(whole_digits=3, decimals=6, most=100)]) if pct else number(MoneyText)


def _as_json_writes_it(text: str) -> str:
    """Write "+5", ".5" and "5." the one way in which numbers are read here."""
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
    if len(digits) > 1:
        digits = f"0{digits}" if digits[0] == "." else digits.removesuffix(".")
    whole, point, fraction = digits.partition(".")
    if len(fraction) > STATED_DECIMALS_MAX and fraction.isdecimal():
        fraction = fraction[:STATED_DECIMALS_MAX]
    return sign + whole + point + fraction
