"""Filters of hooks and automations: `{dotted path: [values], or the bounds of a range}` over an event's data. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

# "007" is a code, not a number.
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Values from `low` to `high`, both included; None is no bound. Each also as a number, where it is one."""

    low: str | None
    high: str | None
    low_number: Decimal | None = None
    high_number: Decimal | None = None

    @classmethod
    def of(cls, bounds: Mapping[str, str]) -> Range:
        """Make the range of `{"gte": ..., "lte": ...}` ready to be asked."""
        low, high = bounds.get("gte"), bounds.get("lte")
        return cls(low, high, _number(low), _number(high))

    def __contains__(self, text: object) -> bool:
        if not isinstance(text, str) or not text:
            return False
        number = _number(text)
        if (self.low_number is not None or self.high_number is not None) and number is None:
            return False  # a text is neither more nor less than a number
        return _at_most(self.low, self.low_number, text, number) and _at_most(text, number, self.high, self.high_number)


Condition = tuple[tuple[str, ...], Container[str]]
"""A dotted path, split, and the values that pass."""


def conditions_of(filters: Mapping[str, Iterable[object]]) -> tuple[Condition, ...]:
    """Make filters ready to be asked."""
    return tuple(
        (
            tuple(path.split(".")),
            Range.of(values)
            if isinstance(values, Mapping)
            else frozenset(text for value in values if (text := as_text(value)) is not None),
        )
        for path, values in filters.items()
    )


def passes(conditions: Sequence[Condition], data: Mapping[str, Any]) -> bool:
    """Whether every condition finds one of its values; in a list, any element may have it."""
    return all(_finds(data, path, values) for path, values in conditions)


def _finds(value: Any, path: Sequence[str], values: Container[str]) -> bool:
    if isinstance(value, list):
        return any(_finds(element, path, values) for element in value)
    if not path:
        text = as_text(value)
        return text is not None and text in values
    return isinstance(value, dict) and path[0] in value and _finds(value[path[0]], path[1:], values)


def _at_most(one: str | None, one_number: Decimal | None, other: str | None, other_number: Decimal | None) -> bool:
    """Whether `one` is not more than `other`: as numbers where both are, else as text; without a bound anything is."""
    if one is None or other is None:
        return True
    if one_number is not None and other_number is not None:
        return one_number <= other_number
    return one <= other


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text) else None


def as_text(value: object) -> str | None:
    """How filters compare: as JSON writes it, without quotes; null and objects equal nothing."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return None
