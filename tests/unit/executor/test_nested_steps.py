"""Steps inside `branch` and `for_each`: where a run goes, held to a recursive model of what the automation says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from action_executor.runs.definitions import read_program
from action_executor.runs.navigation import RUN_STEPS_MAX, Navigator
from action_executor.runs.places import ON_FAILURE, Program, list_of, place_of
from action_executor.runs.records import Done, Entered, Failed, Filtered, Step, StepOutcome
from action_executor.runs.rules import apply_outcome

Definition = dict[str, Any]


def leaf(action: str = "http_request", **given: Any) -> Definition:
    return {"action": action, "input": {}} | given


def nesting(steps: st.SearchStrategy[list[Definition]]) -> st.SearchStrategy[Definition]:
    """A branch or a for_each around lists of steps; `choice` is the branch that a model and the run both take."""
    lenient = st.booleans()
    branch = st.builds(
        lambda lists, choice, lenient: {
            "action": "branch",
            "input": {"branches": [{"steps": one} for one in lists], "choice": choice % (len(lists) + 1)},
            "continue_on_error": lenient,
        },
        st.lists(steps, min_size=1, max_size=3), st.integers(0, 3), lenient,
    )  # fmt: skip
    for_each = st.builds(
        lambda inner, count, lenient: {
            "action": "for_each",
            "input": {"items": list(range(count)), "steps": inner},
            "continue_on_error": lenient,
        },
        steps, st.integers(0, 3), lenient,
    )  # fmt: skip
    return branch | for_each


LEAVES = st.sampled_from([leaf(), leaf(), leaf("filtered"), leaf("failing"), leaf("failing", continue_on_error=True)])
LISTS = st.recursive(
    st.lists(LEAVES, min_size=1, max_size=3),
    lambda inner: st.lists(LEAVES | nesting(inner), min_size=1, max_size=3),
    max_leaves=8,
)


class Ended(Exception):
    """The run ends: with this state."""


class ItemEnded(Exception):
    """The item of the innermost for_each ends."""


class FailedHere(Exception):
    """A step failed and may not be passed over."""


@dataclass
class Model:
    """What an automation's steps say, read the obvious way."""

    taken: Counter[str] = field(default_factory=Counter)

    def run(self, definition: Definition) -> str:
        try:
            self.take_list(definition["steps"], "", in_item=False)
        except Ended as end:
            return str(end)
        except FailedHere:
            return "failed"
        return "succeeded"

    def take_list(self, steps: list[Definition], path: str, *, in_item: bool) -> None:
        for number, step in enumerate(steps):
            at = f"{path}.{number}".lstrip(".")
            try:
                self.take(step, at, in_item=in_item)
            except FailedHere:
                if not step.get("continue_on_error"):
                    raise

    def take(self, step: Definition, at: str, *, in_item: bool) -> None:
        self.taken[at] += 1
        match step["action"]:
            case "filtered":
                raise ItemEnded if in_item else Ended("filtered")
            case "failing":
                raise FailedHere
            case "branch":
                choice = step["input"]["choice"]
                if choice < len(step["input"]["branches"]):
                    inner = step["input"]["branches"][choice]["steps"]
                    self.take_list(inner, f"{at}.branches.{choice}.steps", in_item=in_item)
            case "for_each":
                for item in step["input"]["items"]:
                    self.take_item(step, f"{at}.items.{item}.steps")

    def take_item(self, step: Definition, at: str) -> None:
        try:
            self.take_list(step["input"]["steps"], at, in_item=True)
        except ItemEnded:
            pass
        except FailedHere:
            if not step.get("continue_on_error"):
                raise


@dataclass
class Walk:
    """The engine without a database: the rules drive a run over steps in memory."""

    definition: Definition
    known: dict[str, Step] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    failing: bool = False

    @property
    def program(self) -> Program:
        return read_program(self.definition)

    def run(self, path: str = "0") -> str:
        program = self.program
        while True:
            at = Navigator(program, self.known, place_of(path), failing=self.failing)
            step = at.step
            first = step.state == "pending"
            if first:
                self.taken[step.path] += 1
            change, step_change = apply_outcome(
                replace(step, attempts=1), self.outcome(at, first=first), at.ways(),
                schedule=(0,), lease_seconds=10, jitter=0.5,
            )  # fmt: skip
            self.known[step.path] = replace(
                step, state=step_change.state, output=step_change.output or step.output, input=self.input_of(step.path)
            )
            self.failing |= change.error is not None
            for closed in change.closes:
                self.known[closed] = replace(self.known[closed], state="failed")
            if change.state != "running":
                return change.state
            path = change.path or path

    def input_of(self, path: str) -> Any:
        return definition_at(self.definition, path)["input"]

    def outcome(self, at: Navigator, *, first: bool) -> StepOutcome:
        given = self.input_of(at.step.path)
        match at.spec.action:
            case "filtered":
                return Filtered({})
            case "failing":
                return Failed("no")
            case "branch" if first and given["choice"] < len(given["branches"]):
                return Entered(f"branches.{given['choice']}", {"branch": given["choice"]})
            case "for_each" if first and given["items"]:
                return Entered("items.0", {"count": len(given["items"])})
            case _:
                return Done(at.step.output or {})


def definition_at(definition: Definition, path: str) -> Definition:
    first, *rest = place_of(path)
    step: Definition = (
        definition["steps"][first] if first < ON_FAILURE else definition["on_failure"]["steps"][first - ON_FAILURE]
    )
    for choice, number in zip(rest[::2], rest[1::2], strict=True):
        inner = step["input"]
        step = (inner["branches"][choice]["steps"] if step["action"] == "branch" else inner["steps"])[number]
    return step


@given(LISTS)
@settings(max_examples=300, deadline=None)
def test_any_nesting_takes_each_step_as_often_as_the_automation_says(steps: list[Definition]) -> None:
    definition = {"steps": steps}
    model, walk = Model(), Walk(definition)
    assert walk.run() == model.run(definition)
    assert walk.taken == model.taken
    assert all(count == 1 for count in walk.taken.values())


@given(LISTS)
@settings(max_examples=100, deadline=None)
def test_a_path_is_read_as_it_was_written(steps: list[Definition]) -> None:
    walk = Walk({"steps": steps})
    walk.run()
    for path in walk.taken:
        assert walk.program.path_of(place_of(path)) == path
        assert list_of(path).rpartition(".")[2] in {"", "steps"}


@given(LISTS)
@settings(max_examples=100, deadline=None)
def test_what_a_failure_calls_for_runs_once_and_the_run_has_failed(steps: list[Definition]) -> None:
    definition = {"steps": steps, "on_failure": {"steps": [leaf(), leaf("failing"), leaf()]}}
    model, walk = Model(), Walk(definition)
    ended = model.run(definition)
    assert walk.run() == ended
    handled = [path for path in walk.taken if path.startswith("on_failure")]
    assert handled == (["on_failure.steps.0", "on_failure.steps.1"] if ended == "failed" else [])


@given(LISTS, st.data())
@settings(max_examples=200, deadline=None)
def test_a_run_that_is_taken_up_in_the_middle_repeats_nothing_that_succeeded(
    steps: list[Definition], data: st.DataObject
) -> None:
    first = Walk({"steps": steps})
    first.run()
    kept = data.draw(st.sets(st.sampled_from(sorted(first.known))))
    known = {path: step for path, step in first.known.items() if path in kept and step.state == "succeeded"}
    leaves = {path for path, step in known.items() if step.action not in {"branch", "for_each"}}
    around = {path[: path.index(mark, at)] for path in leaves for at, mark in marks(path)}
    known = {path: known[path] for path in leaves} | {
        path: replace(first.known[path], state="running") for path in around
    }
    start = Navigator(first.program, known, (0,)).first_open((0,))
    again = Walk({"steps": steps}, known=dict(known))
    if start is not None:
        again.run(start.path)
    assert not leaves & set(again.taken)


def marks(path: str) -> list[tuple[int, str]]:
    return [(at, mark) for mark in (".branches.", ".items.") for at in range(len(path)) if path.startswith(mark, at)]


@pytest.mark.parametrize("items", [100, 1])
def test_a_list_of_items_fits_a_run(items: int) -> None:
    assert entry_fault(items, steps=19) is None


def test_a_run_takes_a_bounded_number_of_steps() -> None:
    assert f"at most {RUN_STEPS_MAX} steps" in str(entry_fault(100, steps=21))


def entry_fault(items: int, *, steps: int) -> str | None:
    given = {"items": list(range(items))}
    step = {"action": "for_each", "input": given | {"steps": [leaf()] * steps}}
    return Navigator(read_program({"steps": [step]}), {}, (0,)).entry_fault("items.0", given)
