"""Where a run is: a place in the tree of its automation's steps, and the places that follow it. Pure.

A place is the index of a step in the outermost list and, inside `branch` and `for_each`, the number of the branch or
the item and the index in its list, over and over: `(3, 7, 0)` is written `3.items.7.steps.0`. Steps of `on_failure`
are counted from `ON_FAILURE`, so that one number identifies the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from action_executor.runs.records import StepSpec

ON_FAILURE: Final = 1000  # above any index of a step
NOTIFICATION: Final = 999  # of a failure: taken before the steps of on_failure
FOR_EACH: Final = "for_each"
BRANCH: Final = "branch"
NOTIFY: Final = "notify"  # no action of the catalog: what `on_failure` asks for

StepPosition = tuple[int, ...]
END: Final[StepPosition] = ()
"""After the last step."""

ItemCount = Callable[[StepPosition], int]
"""How many items a `for_each` at a place has."""

_NUMBERS: Final = re.compile(r"\d+")
_NOTIFICATION_PATH: Final = "on_failure.notify"
_LAST: Final = re.compile(r"\.?\d+$")


@dataclass(frozen=True, slots=True)
class ConcurrencySpec:
    """How many runs with one key may be under way; the key is a template."""

    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of one version of an automation."""

    steps: Sequence[StepSpec]
    on_failure: Sequence[StepSpec] = ()
    notification: StepSpec | None = None
    concurrency: ConcurrencySpec | None = None

    @property
    def handler(self) -> StepPosition | None:
        """Where a run goes that is to fail."""
        if self.notification is not None:
            return (NOTIFICATION,)
        return (ON_FAILURE,) if self.on_failure else None

    def steps_beside(self, place: StepPosition) -> Sequence[StepSpec]:
        """The list that a place is in."""
        if place == (NOTIFICATION,) and self.notification is not None:
            return (self.notification,)
        if len(place) == 1:
            return self.on_failure if place[0] >= ON_FAILURE else self.steps
        container = self.spec_at(place[:-2])
        return container.lists[0 if container.action == FOR_EACH else place[-2]]

    def spec_at(self, place: StepPosition) -> StepSpec:
        """The step at a place."""
        return self.steps_beside(place)[_index(place)]

    def path_of(self, place: StepPosition) -> str:
        """The public name of a place."""
        first = place[0]
        if first == NOTIFICATION:
            return _NOTIFICATION_PATH
        written = f"on_failure.steps.{first - ON_FAILURE}" if first >= ON_FAILURE else str(first)
        for depth in range(1, len(place), 2):
            kind = "items" if self.spec_at(place[:depth]).action == FOR_EACH else "branches"
            written += f".{kind}.{place[depth]}.steps.{place[depth + 1]}"
        return written


def _index(place: StepPosition) -> int:
    return 0 if place == (NOTIFICATION,) else place[-1] % ON_FAILURE


def place_of(path: str) -> StepPosition:
    """Read a path that `path_of` made."""
    if path == _NOTIFICATION_PATH:
        return (NOTIFICATION,)
    first, *rest = map(int, _NUMBERS.findall(path))
    return (first + ON_FAILURE if path.startswith("on_failure") else first, *rest)


def list_of(path: str) -> str:
    """The path of the list that a step is in; empty for the outermost."""
    return _LAST.sub("", path)


def ancestors_of(place: StepPosition) -> list[StepPosition]:
    """The containers that a place is in, innermost first."""
    return [place[:depth] for depth in range(len(place) - 2, 0, -2)]


def following(program: Program, place: StepPosition, items: ItemCount) -> StepPosition:
    """The place after one: the next step, the next item's first, or the container, which then ends; else `END`."""
    if place == (NOTIFICATION,):
        return (ON_FAILURE,) if program.on_failure else END
    if _index(place) + 1 < len(program.steps_beside(place)):
        return (*place[:-1], place[-1] + 1)
    return after_list(program, place, items)


def after_list(program: Program, place: StepPosition, items: ItemCount) -> StepPosition:
    """Where to go when the rest of the list is left out."""
    if len(place) == 1:
        return END
    container = place[:-2]
    if program.spec_at(container).action == FOR_EACH and place[-2] + 1 < items(container):
        return (*container, place[-2] + 1, 0)
    return container


def item_around(program: Program, place: StepPosition) -> StepPosition | None:
    """A place in the list of the innermost `for_each` around a place; None outside of any."""
    for depth in range(len(place) - 2, 0, -2):
        if program.spec_at(place[:depth]).action == FOR_EACH:
            return place[: depth + 2]
    return None


@dataclass(frozen=True, slots=True)
class FailureWay:
    """What a failing step brings down: the containers that fail with it, and where the run goes on; None: it fails."""

    closes: Sequence[StepPosition]
    goes_on: StepPosition | None


def after_failure(program: Program, place: StepPosition, items: ItemCount) -> FailureWay:
    """Find what goes on although the step at this place failed: itself, or a container that may continue on an error.

    A `for_each` that may goes on with its next item. The run ends when nothing may.
    """
    if program.spec_at(place).continue_on_error or place == (NOTIFICATION,):
        return FailureWay((), following(program, place, items))
    closes: list[StepPosition] = []
    inside = place
    for container in ancestors_of(place):
        spec = program.spec_at(container)
        if spec.continue_on_error and spec.action == FOR_EACH:
            return FailureWay(closes, after_list(program, inside, items))
        closes.append(container)
        if spec.continue_on_error:
            return FailureWay(closes, following(program, container, items))
        inside = container
    return FailureWay(closes, None)
