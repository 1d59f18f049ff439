"""Find the subscribers of a trigger that an event may concern without asking each: there may be thousands. Pure.

A subscriber with a filter by values is found by one of them; the others, few as a rule, are always candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contracts.filters import as_text
from trigger_dispatcher.events.matching import Subscriber

Path = tuple[str, ...]


class TriggerIndex:
    """The subscribers of one trigger, by the values of one of their filters."""

    def __init__(self, subscribers: Iterable[Subscriber]) -> None:
        by_value: defaultdict[Path, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._all: Sequence[Subscriber] = tuple(subscribers)
        self._unindexed: list[int] = []
        for number, subscriber in enumerate(self._all):
            chosen = min(
                ((path, values) for path, values in subscriber.conditions if isinstance(values, frozenset)),
                key=lambda condition: len(condition[1]),
                default=None,
            )
            if chosen is None:
                self._unindexed.append(number)
                continue
            for value in chosen[1]:
                by_value[chosen[0]][value].append(number)
        self._by_value: Mapping[Path, Mapping[str, list[int]]] = by_value

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def candidates(self, data: Mapping[str, Any]) -> list[Subscriber]:
        """Those whose filters may pass, in their order; each is to be matched."""
        found = set(self._unindexed)
        for path, numbers_of in self._by_value.items():
            for value in _values_at(data, path):
                found.update(numbers_of.get(value, ()))
        return [self._all[number] for number in sorted(found)]


def _values_at(value: Any, path: Path) -> Iterator[str]:
    """Every value that a filter by this path compares, as text."""
    if isinstance(value, list):
        for element in value:
            yield from _values_at(element, path)
    elif not path:
        if (text := as_text(value)) is not None:
            yield text
    elif isinstance(value, dict) and path[0] in value:
        yield from _values_at(value[path[0]], path[1:])
