"""Numbers, money and dates as a locale writes them, from exact decimal texts: nothing passes through a float.

CLDR is read once for each locale; after that a number takes a microsecond, since a document may have tens of thousands
of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from contracts.primitives.money import digits

NO_BREAK_SPACE: Final = "\u00a0"
LOCALES_KEPT: Final = 32


@dataclass(frozen=True, slots=True)
class Formats:
    """How one locale writes. Amounts and percentages are taken as decimal texts: `-1234.50`, `19`."""

    locale: Locale
    decimal: str
    group: str
    minus: str
    grouping: tuple[int, int]  # digits next to the decimal sign, and in each group before
    money_around: tuple[str, str]  # what stands before and after a number, with ¤ for the currency
    percent_around: tuple[str, str]

    def number(self, value: str, decimals_least: int = 0) -> str:
        """A number with all its decimals, and zeros up to `decimals_least`."""
        sign, value = (self.minus, value[1:]) if value.startswith("-") else ("", value)
        whole, _, fraction = value.partition(".")
        fraction = fraction.ljust(decimals_least, "0")
        return f"{sign}{self._grouped(whole)}{self.decimal}{fraction}" if fraction else sign + self._grouped(whole)

    def _grouped(self, whole: str) -> str:
        near, far = self.grouping
        if len(whole) <= near:
            return whole
        groups, left = [whole[-near:]], whole[:-near]
        while left:
            groups.append(left[-far:])
            left = left[:-far]
        return self.group.join(reversed(groups))

    def percent(self, value: str) -> str:
        """A percentage: `9.975` as "9,975 %"."""
        before, after = self.percent_around
        return f"{before}{self.number(value)}{after}"

    def money(self, value: str, currency: str, sign: str) -> str:
        """An amount with its currency, written as `sign`: the code or what `symbol` gives."""
        before, after = (around.replace("¤", sign) for around in self.money_around)
        amount = self.number(value.removeprefix("-"), digits(currency))
        # CLDR: letters are separated from digits by a space, signs are not.
        before += NO_BREAK_SPACE if before[-1:].isalpha() else ""
        after = (NO_BREAK_SPACE if after[:1].isalpha() else "") + after
        return f"{self.minus if value.startswith('-') else ''}{before}{amount}{after}"

    def symbol(self, currency: str) -> str:
        """A currency's sign in this locale: `€`, or `$US` for French readers; its code where there is none."""
        return str(self.locale.currency_symbols.get(currency, currency))

    def date(self, value: str) -> str:
        """A date of `YYYY-MM-DD` with the month in words, so that it cannot be mistaken for the day."""
        return format_date(date.fromisoformat(value), "long", locale=self.locale)

    def country(self, code: str) -> str:
        """A country's name by its ISO 3166 code, or the code."""
        return str(self.locale.territories.get(code, code))

    def plural(self, count: int) -> str:
        """The category that the words beside a number follow: `one`, `other`, in Latvian also `zero`."""
        return self.locale.plural_form(count)


@lru_cache(maxsize=LOCALES_KEPT)
def formats_of(locale: str) -> Formats:
    """How a locale writes, e.g. `fr_BE`; of one that CLDR does not know, how its language does.

    Raises:
        babel.UnknownLocaleError: the language is unknown too.
    """
    try:
        known = Locale.parse(locale)
    except UnknownLocaleError:
        known = Locale(locale.partition("_")[0])
    symbols = known.number_symbols["latn"]
    money, percent = known.currency_formats["standard"], known.percent_formats[None]
    near, far = known.decimal_formats[None].grouping
    return Formats(
        locale=known,
        decimal=symbols["decimal"],
        group=symbols["group"],
        minus=symbols["minusSign"],
        grouping=(near, far),
        money_around=(money.prefix[0], money.suffix[0]),
        percent_around=(percent.prefix[0], percent.suffix[0]),
    )
