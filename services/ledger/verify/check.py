"""A check of the ledger: a statement that returns only violations, each row in the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.primitives.money import MoneyError, from_minor

FACTS_SHOWN_MAX: Final = 4
CHARACTERS_TOLD_MAX: Final = 300

_MINOR: Final = "_minor"


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant of the ledger.

    `sql` returns a row for each violation: `account_id`, `id`, `what` it is, its `currency` (either null where there is
    none), and as JSON objects the facts `found` and what they `must` be. A fact named `..._minor` is an amount. It
    reads all accounts, set by set; it takes `args`, and is left out where a relation of `needs` cannot be read.
    """

    name: str
    promise: str
    sql: str
    args: tuple[Any, ...] = ()
    requires: tuple[str, ...] = ()


def spelled(row: Mapping[str, Any]) -> str:
    """A violation in words: which row, the actual value, the required value.

    >>> spelled({"account_id": 7, "id": 8, "what": "payment", "currency": "EUR",
    ...          "found": {"settled_minor": 100}, "must": {"settled_minor": 250}})
    'payment 8 of account 7: settled is 1.00 EUR, must be 2.50 EUR'
    """
    found, must, currency = row["found"], row["must"], row["currency"]
    who = f"{row['what']} {row['id']}"
    if row["account_id"] is not None:
        who += f" of account {row['account_id']}"
    if all(value is None for value in found.values()):
        return f"{who}: is not there, must be: {_all(must, currency)}"
    if all(value is None for value in must.values()):
        return f"{who}: is there, must not be: {_all(found, currency)}"
    name = next(name for name in found if found[name] != must[name])
    is_now, must_be = _value(name, found[name], currency), _value(name, must[name], currency)
    return f"{who}: {_words(name)} is {is_now}, must be {must_be}"


def _all(facts: Mapping[str, Any], currency: str | None) -> str:
    facts_shown = [
        f"{_words(name)} {_value(name, value, currency)}" for name, value in facts.items() if value is not None
    ]
    return ", ".join(facts_shown[:FACTS_SHOWN_MAX])


def _words(name: str) -> str:
    return name.removesuffix(_MINOR).replace("_", " ")


def _value(name: str, value: Any, currency: str | None) -> str:
    if value is None:
        return "nothing"
    if name.endswith(_MINOR) and currency is not None:
        try:
            return f"{from_minor(int(value), currency)} {currency}"
        except MoneyError:  # the currency may be what is broken
            return f"{value} minor units of {currency}"
    return str(value)[:CHARACTERS_TOLD_MAX]
