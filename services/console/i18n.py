"""Languages: the catalogs, the choice among them, and numbers and times as each language writes them."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal, InvalidOperation
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, get_datetime_format
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit

LOCALES: Final = ("en", "fr", "es")
LANGUAGE_NAMES: Final = {"en": "English", "fr": "Français", "es": "Español"}
_CATALOGS: Final = Path(__file__).with_name("locale")
_SIZES: Final = (("digital-gigabyte", 10**9), ("digital-megabyte", 10**6))
_DECIMALS_MAX: Final = 12  # shown of a number; more would break a table's layout
_NO_BREAK: Final = "\u00a0"


def N_(text: str) -> str:  # noqa: N802  gettext's usual name
    """Mark a text for the catalogs; it is translated where it is shown."""
    return text


@cache
def translations(locale: str) -> NullTranslations:
    """The catalog of a language; English texts are the source and need none."""
    place = _CATALOGS / locale / "LC_MESSAGES" / "console.po"
    if not place.exists():
        return NullTranslations()
    with place.open("rb") as file:
        catalog = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def choose(cookie: str | None, accept_language: str) -> str:
    """The language of a page: what the person chose, else what their browser prefers, else English."""
    if cookie in LOCALES:
        return cookie
    for part in accept_language.split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in LOCALES:
            return language
    return LOCALES[0]


def number(value: object, locale: str) -> str:
    """A number with exactly the decimals that it came with."""
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not exact.is_finite():
        return str(value)
    exponent = exact.as_tuple().exponent
    decimals = min(-exponent, _DECIMALS_MAX) if isinstance(exponent, int) and exponent < 0 else 0
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(exact, format=pattern, locale=locale)


def size(count: int, locale: str) -> str:
    """A number of bytes in the largest unit of which there is one, such as 12.3 MB."""
    unit, divisor = next(((unit, divisor) for unit, divisor in _SIZES if count >= divisor), ("digital-kilobyte", 10**3))
    exact = Decimal(count) / divisor
    return format_unit(exact, unit, length="short", format="#,##0.#", locale=locale)


def money(amount: object, currency: str | None, locale: str) -> str:
    """An amount beside its currency's code: symbols are shared by many currencies."""
    formatted = number(amount, locale)
    return f"{formatted}{_NO_BREAK}{currency}" if currency else formatted


def day(value: object, locale: str) -> str:
    """A date, `YYYY-MM-DD` in the API, as the language writes it."""
    try:
        return format_date(dt.date.fromisoformat(str(value)[:10]), format="medium", locale=locale)
    except ValueError:
        return str(value)


def moment(value: object, locale: str, time_zone: str) -> str:
    """A time to the minute, ISO 8601 in the API, in the account's time zone."""
    try:
        parsed = dt.datetime.fromisoformat(str(value)).astimezone(ZoneInfo(time_zone))
    except ValueError:
        return str(value)
    time = format_time(parsed, format="short", tzinfo=ZoneInfo(time_zone), locale=locale)
    day = format_date(parsed, format="medium", locale=locale)
    return str(get_datetime_format("medium", locale)).replace("'", "").format(time, day)


def moment_to_the_second(value: object, locale: str, time_zone: str) -> str:
    """A time with its seconds, where several things happen within a minute."""
    try:
        parsed = dt.datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return format_datetime(parsed, format="medium", tzinfo=ZoneInfo(time_zone), locale=locale)
