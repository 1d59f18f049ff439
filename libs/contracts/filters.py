"""Filters of hooks and automations: `{dotted path: [values]}` over an event's data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Condition = tuple[tuple[str, ...], frozenset[str]]
"""A dotted path, split, and the values that pass."""


def conditions_of(filters: Mapping[str, Iterable[object]]) -> tuple[Condition, ...]:
    """Make filters ready to be asked."""
    return tuple(
        (tuple(path.split(".")), frozenset(text for value in values if (text := as_text(value)) is not None))
        for path, values in filters.items()
    )


def passes(conditions: Sequence[Condition], data: Mapping[str, Any]) -> bool:
    """Whether every condition finds one of its values; in a list, any element may have it."""
    return all(_finds(data, path, values) for path, values in conditions)


def _finds(value: Any, path: Sequence[str], values: frozenset[str]) -> bool:
    if isinstance(value, list):
        return any(_finds(element, path, values) for element in value)
    if not path:
        return as_text(value) in values
    return isinstance(value, dict) and path[0] in value and _finds(value[path[0]], path[1:], values)


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
