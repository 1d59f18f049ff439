"""Read and write money: decimal text beside a currency outside, whole minor units (BIGINT) inside, never a float.

Input amounts are read with the annotated types at the end of this module; output amounts are written with `from_minor`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from contracts.primitives.currencies import CURRENCIES, DECIMALS

MINOR_MAX: Final = 9_200_000_000_000_000_000
"""The largest amount in minor units, either way: just within a BIGINT."""

_ROUNDING: Final = Context(prec=80, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])
_EXACT: Final = Context(prec=80, traps=[InvalidOperation, Overflow, Inexact])
_QUANTA: Final = tuple(Decimal(1).scaleb(-places) for places in range(5))
_WHOLE_DIGITS_MAX: Final = 30  # far above MINOR_MAX; keeps the arithmetic itself cheap for numbers like 1e999999
_FLOAT_DIGITS_EXACT: Final = 15  # a double gives back any decimal of so many digits unchanged, not of more
_DECIMAL_TEXT: Final = re.compile(r"(-?)([0-9]{1,60})(?:\.([0-9]{1,60}))?", re.ASCII)


class MoneyError(ValueError):
    """This is no amount of money."""

    code: ClassVar[str] = "not_an_amount"


class UnknownCurrency(MoneyError):
    """This is no currency of ISO 4217, current or withdrawn since 2010."""

    code = "unknown_currency"


class TooPrecise(MoneyError):
    """The amount has more decimals than its currency."""

    code = "too_many_decimals"


class MoneyOverflow(MoneyError):
    """The amount is larger than the ledger can store."""

    code = "amount_overflow"


def is_currency(code: str) -> bool:
    """Whether this is an ISO 4217 code, in capitals, of a currency or fund that is current or was since 2010."""
    return code in CURRENCIES


def digits(currency: str) -> int:
    """How many decimals a currency has by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD, 4 for CLF.

    Raises:
        UnknownCurrency: it is no currency.
    """
    try:
        return DECIMALS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not a currency; use an ISO 4217 code such as EUR") from None


def to_minor(amount: Decimal | str | int, currency: str, *, rounded: bool = False) -> int:
    """Turn an amount in major units into minor units: "165.01" EUR into 16501.

    Exact: trailing zeros may exceed the currency's decimals, other digits may not, unless `rounded` (half up).

    Raises:
        UnknownCurrency: it is no currency.
        TooPrecise: the amount has more decimals than the currency and `rounded` is False.
        MoneyOverflow: more than `MINOR_MAX` minor units.
        MoneyError: the text is no plain decimal number, or the Decimal is not finite.
    """
    places = digits(currency)
    value = amount if isinstance(amount, Decimal) else _parsed(str(amount))
    minor = round_half_up(value, places)
    if not rounded and value != _EXACT.scaleb(Decimal(minor), -places):
        raise TooPrecise(f"{str(value)[:40]} has more decimals than {currency} has ({places})")
    return minor


def from_minor(minor: int, currency: str) -> str:
    """Write minor units as a decimal in major units, with exactly the currency's decimals: 1250 KWD as "1.250".

    Raises:
        UnknownCurrency: it is no currency.
    """
    places = digits(currency)
    if places == 0:
        return str(minor)
    whole, fraction = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}.{fraction:0{places}d}"


def round_half_up(value: Decimal, places: int = 0) -> int:
    """Round to `places` decimals (0 to 4), counted in units of the last; a half goes away from zero, as in commerce.

    Raises:
        MoneyError: not a finite number.
        MoneyOverflow: more than `MINOR_MAX` units.
    """
    if not value.is_finite():
        raise MoneyError(f"{value} is not an amount")
    if value.adjusted() > _WHOLE_DIGITS_MAX:
        raise MoneyOverflow("the amount is larger than the ledger can store")
    rounded = _ROUNDING.quantize(value, _QUANTA[places])
    return within_bounds(int(_EXACT.scaleb(rounded, places)))


def within_bounds(minor: int) -> int:
    """Give back an amount that a BIGINT holds.

    Raises:
        MoneyOverflow: it is larger.
    """
    if abs(minor) > MINOR_MAX:
        raise MoneyOverflow("the amount is larger than the ledger can store")
    return minor


def _parsed(text: str) -> Decimal:
    if not _DECIMAL_TEXT.fullmatch(text):
        raise MoneyError(f'{text[:40]!r} is not a decimal number such as "12.50"')
    return Decimal(text)


@dataclass(frozen=True, slots=True)
class ExactDecimal:
    """Annotation that makes pydantic read a `Decimal` without ever rounding, and write it as plain text.

    Takes a string of ASCII digits ("12.50"), an integer, a Decimal, or a JSON number of at most 15 digits (which a
    double carries unchanged); refuses anything else, more digits than stated, and what is out of range. `least` and
    `most` are inclusive; `above_zero` refuses 0 too.
    """

    whole_digits: int
    decimals: int
    least: int | None = 0
    most: int | None = None
    above_zero: bool = False

    def read(self, given: object) -> Decimal:
        """Validate one value; `PydanticCustomError` describes the error in a sentence."""
        text = _text_of(given)
        match = _DECIMAL_TEXT.fullmatch(text)
        if match is None:
            raise PydanticCustomError("decimal_text", 'must be a decimal number such as "12.50"')
        whole, fraction = match[2].lstrip("0"), (match[3] or "").rstrip("0")
        if len(whole) > self.whole_digits or len(fraction) > self.decimals:
            raise PydanticCustomError(
                "decimal_digits",
                "must have at most {whole} digits before and {decimals} after the decimal point",
                {"whole": self.whole_digits, "decimals": self.decimals},
            )
        return self._in_range(Decimal(text))

    def _in_range(self, value: Decimal) -> Decimal:
        if self.above_zero and value <= 0:
            raise PydanticCustomError("above_zero", "must be more than 0")
        if self.least is not None and value < self.least:
            raise PydanticCustomError("too_small", "must be {least} or more", {"least": self.least})
        if self.most is not None and value > self.most:
            raise PydanticCustomError("too_large", "must be {most} or less", {"most": self.most})
        return value or abs(value)  # "-0" is 0

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(plain, when_used="json-unless-none")
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number: dict[str, Any] = {"type": "number"}
        if self.most is None:
            number["exclusiveMaximum"] = 10**self.whole_digits
        sign = ""
        if self.above_zero:
            number["exclusiveMinimum"] = 0
            sign = "(?=.*[1-9])"
        elif self.least is None:
            number["exclusiveMinimum"] = -(10**self.whole_digits)
            sign = "-?"
        else:
            number["minimum"] = self.least
        # zeros in front and behind do not count as digits
        text = rf"0*[0-9]{{1,{self.whole_digits}}}(\.[0-9]{{1,{self.decimals}}}0*)?"
        if self.most is not None:
            number["maximum"] = self.most
            text = rf"0*([0-9]{{1,{len(str(self.most)) - 1}}}(\.[0-9]{{1,{self.decimals}}}0*)?|{self.most}(\.0+)?)"
        text = f"^{sign}{text}$"
        return {"anyOf": [{"type": "string", "pattern": text, "maxLength": 60}, number]}


def plain(value: Decimal) -> str:
    """Write a Decimal without an exponent: 0.00000001, not 1E-8."""
    return f"{value:f}"


def _text_of(given: object) -> str:
    """Convert an input value to text; "" for a value that is no number."""
    if isinstance(given, str):
        return given
    if isinstance(given, bool):
        return ""
    if isinstance(given, Decimal):
        return plain(given) if given.is_finite() and abs(given.adjusted()) <= _WHOLE_DIGITS_MAX else ""
    if isinstance(given, int):
        return str(given) if given.bit_length() <= _WHOLE_DIGITS_MAX * 4 else "9" * 60
    if isinstance(given, float):
        return _text_of_float(given)
    return ""


def _text_of_float(given: float) -> str:
    shortest = Decimal(repr(given))
    if not shortest.is_finite():
        return ""
    if len(shortest.normalize().as_tuple().digits) > _FLOAT_DIGITS_EXACT:
        raise PydanticCustomError(
            "inexact_number", 'has more digits than a JSON number carries exactly: send it as text, such as "12.50"'
        )
    return _text_of(int(given) if given.is_integer() else shortest)


def _known(code: str) -> str:
    if not is_currency(code):
        raise PydanticCustomError("unknown_currency", "must be an ISO 4217 currency code such as EUR")
    return code


CURRENCY_JSON: Final = {"format": "iso-4217", "pattern": "^[A-Z]{3}$"}
"""What the JSON schema of a currency's code says."""

CurrencyCode = Annotated[str, AfterValidator(_known), Field(json_schema_extra=CURRENCY_JSON)]
"""An ISO 4217 code in capitals."""

MoneyText = Annotated[Decimal, ExactDecimal(whole_digits=19, decimals=4)]
"""An amount of 0 or more in major units; `to_minor` checks that it fits its currency's decimals."""

PositiveMoneyText = Annotated[Decimal, ExactDecimal(whole_digits=19, decimals=4, above_zero=True)]
"""An amount of more than 0 in major units, as payments and allocations are."""

SignedMoneyText = Annotated[Decimal, ExactDecimal(whole_digits=19, decimals=4, least=None)]
"""An amount that may be below 0: the totals that other parties' documents state."""

Quantity = Annotated[Decimal, ExactDecimal(whole_digits=12, decimals=8)]
"""How much of something, 0 or more, exact."""

UnitPrice = Annotated[Decimal, ExactDecimal(whole_digits=12, decimals=8)]
"""The price of one, 0 or more, exact; it may have more decimals than the currency."""

SignedDecimal = Annotated[Decimal, ExactDecimal(whole_digits=12, decimals=8, least=None)]
"""A quantity or price that may be below 0, as lines of documents have."""

AdjustmentAmount = Annotated[Decimal, ExactDecimal(whole_digits=19, decimals=6)]
"""A percentage or an amount, by the adjustment's mode; the calculation checks which."""

Percent = Annotated[Decimal, ExactDecimal(whole_digits=3, decimals=6, most=100)]
"""Of a hundred: 0 to 100, exact (9.975)."""

STATED_DECIMALS_MAX: Final = 30
"""How many decimals are kept of numbers in other parties' documents; the ledger rounds them where needed."""

StatedNumber = Annotated[Decimal, ExactDecimal(whole_digits=12, decimals=STATED_DECIMALS_MAX, least=None)]
"""A quantity or unit price as another party's document states it."""

StatedAmount = Annotated[Decimal, ExactDecimal(whole_digits=15, decimals=STATED_DECIMALS_MAX, least=None)]
"""An amount as another party's document states it: unrounded, of either sign."""

StatedAdjustment = Annotated[Decimal, ExactDecimal(whole_digits=19, decimals=STATED_DECIMALS_MAX, least=None)]
"""The amount or percentage of a charge or discount as stated; corrections have negative ones."""

StatedPercent = Annotated[Decimal, ExactDecimal(whole_digits=3, decimals=STATED_DECIMALS_MAX, most=100)]
"""Of a hundred, as stated: 0 to 100."""
