"""Hold the parts of a batch's state that belong to capabilities, each under its own class: the key is the type."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import fields
from typing import Any, Self, TypeVar, cast

S = TypeVar("S")


class Sections:
    """Sections by class, each created empty on first use.

    A section is a dataclass whose fields are lists, dicts, sets or counters, all with a default. `sections[ClientPlan]`
    returns a `ClientPlan`, so a capability adds its own without a change here.
    """

    __slots__ = ("_by_class",)

    def __init__(self, *sections: Any) -> None:
        self._by_class: dict[type, Any] = {type(section): section for section in sections}

    def __getitem__(self, section: type[S]) -> S:
        found = self._by_class.get(section)
        if found is None:
            found = self._by_class[section] = section()
        return cast("S", found)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._by_class.values())

    def copied(self) -> Self:
        """The same sections over copies of their fields."""
        return type(self)(*(_copied(section) for section in self))

    def merge(self, others: Sections) -> None:
        """Add what other sections hold: lists are extended, sets united, counters added, dicts updated."""
        for other in others:
            mine = self[type(other)]
            for one in fields(other):
                value = getattr(mine, one.name)
                (value.extend if isinstance(value, list) else value.update)(getattr(other, one.name))


def _copied(section: Any) -> Any:
    return type(section)(**{one.name: copy(getattr(section, one.name)) for one in fields(section)})
