"""Decide which subscribers an event concerns: pure, between the event and its dispatches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts.wire.events import HOOK_DISABLED
from trigger_dispatcher.events.event import Event

Kind = Literal["hook", "automation"]
Condition = tuple[tuple[str, ...], frozenset[str]]
"""A dotted path, split, and the values that pass."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A hook or an automation, ready to be matched. `version` is an automation's published one; `ordered` a hook's."""

    id: UUID
    kind: Kind
    triggers: tuple[str, ...]
    conditions: tuple[Condition, ...]
    effective_from: datetime
    ordered: str | None = None
    version: int | None = None

    def wants(self, event: Event) -> bool:
        """Whether the event is for it: not before its time, and accepted. Its triggers are the index's."""
        return event.latest_origin >= self.effective_from and self.accepts(event)

    def accepts(self, event: Event) -> bool:
        """Whether every filter passes, and the event is not that this very hook was disabled: it would cause itself."""
        itself = event.trigger == HOOK_DISABLED and event.subject_id == self.id
        return not itself and passes(self.conditions, event.data)


def conditions_of(filters: Mapping[str, Iterable[object]]) -> tuple[Condition, ...]:
    """Make filters (`{dotted path: [values]}`) ready to be asked."""
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
