"""View a run from its current step: the step, its siblings, and where the run goes from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from action_executor.runs import places
from action_executor.runs.places import BRANCH, END, FOR_EACH, Program, StepPosition
from action_executor.runs.records import Step, StepSpec
from action_executor.runs.rules import Next, Ways
from action_executor.runs.store import StepKind
from contracts.catalog import ACTIONS as CATALOG

RUN_STEPS_MAX: Final = 2_000  # of one run, each item's counted: they are read together, and shown on one page


@dataclass(frozen=True, slots=True)
class Navigator:
    """A place in a program, with the steps taken so far by path. `failing` once the run is to end as failed."""

    program: Program
    known: dict[str, Step]
    place: StepPosition
    failing: bool = False

    @property
    def spec(self) -> StepSpec:
        """The step as the version has it."""
        return self.program.spec_at(self.place)

    @property
    def step(self) -> Step:
        """The step as it stands; pending before it was ever taken."""
        path = self.program.path_of(self.place)
        return self.known.get(path) or Step(path, self.place[0], self.spec.action, "pending")

    @property
    def kind(self) -> StepKind:
        """What its row says of it."""
        action = self.spec.action
        return StepKind(self.place[0], action, CATALOG[action].guarantee if action in CATALOG else "exactly_once")

    def ways(self) -> Ways:
        """Where the run goes from here."""
        failure = places.after_failure(self.program, self.place, self._items)
        handler = None if self.failing else self.program.handler
        return Ways(
            on=self._next(places.following(self.program, self.place, self._items)),
            filtered=self._after_item(),
            failed=None if failure.goes_on is None else self._next(failure.goes_on),
            fails_run=failure.goes_on is None,
            around=tuple(self.program.path_of(place) for place in places.ancestors_of(self.place)),
            closes=tuple(self.program.path_of(place) for place in failure.closes),
            handler=Next(handler[0], self.program.path_of(handler)) if handler else None,
            end="failed" if self.failing else "succeeded",
        )

    def entry_fault(self, into: str, given: Mapping[str, Any] | None) -> str | None:
        """Why the steps inside cannot be begun with: there would be too many."""
        lists, times = self.spec.lists, 1
        if self.spec.action == FOR_EACH:
            steps, times = lists[0], len((given or {}).get("items") or ())
        else:
            steps = lists[int(into.rpartition(".")[2])]
        if len(self.known) + len(steps) * times > RUN_STEPS_MAX:
            return f"a run takes at most {RUN_STEPS_MAX} steps, those of all items counted"
        return None

    def _after_item(self) -> Next | None:
        item = places.item_around(self.program, self.place)
        return self._next(places.after_list(self.program, item, self._items)) if item else None

    def first_open(self, place: StepPosition, *, entering: bool = True) -> Next | None:
        """The first step from this place on that has no result yet: a replay keeps some.

        A container that is under way is gone into, unless its steps are left.
        """
        while place != END:
            path = self.program.path_of(place)
            step = self.known.get(path)
            if entering and step is not None and step.state == "running" and (inside := _inside(step)) is not None:
                place = (*place, inside, 0)
                continue
            if step is None or step.state != "succeeded":
                return Next(place[0], path)
            after = places.following(self.program, place, self._items)
            entering = len(after) >= len(place)
            place = after
        return None

    def _next(self, place: StepPosition) -> Next | None:
        return self.first_open(place, entering=len(place) >= len(self.place))

    def _items(self, place: StepPosition) -> int:
        step = self.known.get(self.program.path_of(place))
        return len(step.input["items"]) if step and step.input else 0


def _inside(step: Step) -> int | None:
    """The branch that a container chose, or its first item; None of any other step."""
    if step.action == FOR_EACH:
        return 0
    return int(step.output["branch"]) if step.action == BRANCH else None
