"""Filters, durations, and what a step's outcome does to its run."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from action_executor.actions import ACTIONS
from action_executor.actions.flow import holds, next_business_day, passes
from action_executor.runs.records import Done, Failed, Filtered, Step, StepOutcome, Wait
from action_executor.runs.rules import Next, Ways, apply_outcome
from action_executor.runs.store import RunChange, StepChange
from contracts.catalog import offered_actions
from contracts.catalog.flow_inputs import FilterStep
from contracts.primitives.durations import read_elapsed
from contracts.resources.automation import StepRetry

Changes = tuple[RunChange, StepChange]


@pytest.mark.parametrize(
    ("left", "op", "right"),
    [
        ("1234.50", "gte", "1000"), ("1234.50", "eq", 1234.5), ("9", "lt", "10"), (" 9 ", "lt", "10"),
        (0.1, "eq", "0.10"),
        ("0.30", "eq", "0.3"), ("100000000000000000.01", "gt", "100000000000000000"), (10, "gt", 9.99), ("-1", "lt", 0),
        ("b", "gt", "a"), ("EUR", "eq", "EUR"), ("EUR", "ne", "USD"), (True, "eq", "true"), (None, "eq", ""),
        ("overdue invoice", "contains", "due"), (["a", "b"], "contains", "b"), ([1, 2], "contains", "2"),
        ({"a": 1}, "contains", "a"), ("abc", "not_contains", "x"), ("INV-7", "starts_with", "INV"),
        ("INV-7", "ends_with", "7"), ("EUR", "in", "USD, EUR"), (2, "in", ["1", "2"]), ("x", "exists", None),
        (0, "exists", None), (False, "exists", True), (None, "exists", False), ("", "exists", False),
        ([1], "eq", [1]), ("1e3", "eq", "1000"), ("007", "ne", "7"),
        ("007", "ne", 7), ("007", "eq", "007"), ("0.50", "eq", "0.5"),
        ("007", "in", "007,8"),
    ],
)  # fmt: skip
def test_a_condition_holds(left: Any, op: str, right: Any) -> None:
    assert holds(left, op, right)


@pytest.mark.parametrize(
    ("left", "op", "right"),
    [
        ("999.99", "gte", "1000"), ("10", "lt", "9"), (None, "gt", 5), (5, "lt", None), ("", "lte", 5),
        (None, "exists", None),
        ("x", "exists", False), ("eur", "eq", "EUR"), (True, "eq", 1), ("abc", "in", "ab,bc"), ("nan", "eq", "nan "),
        ("1_000", "eq", "1000"),
    ],
)  # fmt: skip
def test_a_condition_does_not_hold(left: Any, op: str, right: Any) -> None:
    assert not holds(left, op, right)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=8),
    st.decimals(allow_nan=False, allow_infinity=False, places=8),
)
def test_amounts_are_compared_exactly(one: Decimal, other: Decimal) -> None:
    left, right = f"{one:f}", f"{other:f}"
    if max(len(left), len(right)) < 60:
        assert holds(left, "gt", right) == (one > other)
        assert holds(left, "eq", right) == (one == other)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT2H", 7200), ("P3D", 259_200), ("PT1S", 1), ("P1W", 604_800), ("P1DT2H30M0.5S", 95_400.5), ("PT0S", 0)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert read_elapsed(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["P", "PT", "P1DT", "1D", "P1M", "P1Y", "PT1.5H", "P-1D", "", "p1d", "P1D " + "x" * 500]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        read_elapsed(text)


def settled(outcome: StepOutcome, *, attempts: int = 1, last: bool = False, lenient: bool = False) -> Changes:
    return apply_outcome(
        Step("1", 1, "http_request", "running", attempts=attempts),
        outcome,
        Ways(
            on=None if last else Next(2, "2"),
            failed=Next(2, "2") if lenient and not last else None,
            fails_run=not lenient,
        ),
        schedule=(0, 5, 60),
        lease_seconds=90,
        jitter=0.5,
    )


def test_a_success_goes_on_under_the_same_lease_and_the_last_one_ends_the_run() -> None:
    run, step = settled(Done({"a": 1}))
    assert (run.state, run.step_no, run.leased, step.state, step.output) == ("running", 2, True, "succeeded", {"a": 1})
    run, _ = settled(Done({}), last=True)
    assert (run.state, run.due_in, run.leased) == ("succeeded", None, False)


def test_every_run_that_is_not_final_has_a_due_time() -> None:
    for outcome in (Done(None), Wait(1e12), Failed("x", retryable=True)):
        run, _ = settled(outcome)
        assert run.due_in is not None
        assert run.due_in <= 366 * 86_400


def test_a_filter_ends_the_run() -> None:
    run, step = settled(Filtered({"passed": False}))
    assert (run.state, run.error, step.state) == ("filtered", None, "succeeded")


def test_a_retryable_failure_follows_the_schedule_and_then_fails() -> None:
    pauses = [settled(Failed("answered 500", retryable=True), attempts=attempts)[0] for attempts in (1, 2, 3)]
    assert [(run.state, run.due_in) for run in pauses] == [("waiting", 5), ("waiting", 60), ("failed", None)]
    assert pauses[2].error == "step 1 (http_request): answered 500; given up after 3 tries"


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    assert settled(Failed("answered 429", retryable=True, seconds=500))[0].due_in == 500


def test_a_permanent_failure_may_be_passed_over() -> None:
    run, step = settled(Failed("answered 404"), lenient=True)
    assert (run.state, run.step_no, step.state, step.error) == ("running", 2, "failed", "answered 404")
    run, _ = settled(Failed("answered 404"), lenient=True, last=True)
    assert run.state == "succeeded"


def test_an_output_that_is_too_large_fails_the_step() -> None:
    run, step = settled(Done({"text": "x" * 300_000}))
    assert (run.state, step.error) == ("failed", "its output is more than 256 KiB")


def test_every_action_that_is_offered_can_be_carried_out() -> None:
    assert {action.key for action in offered_actions()} <= set(ACTIONS)


IS_EUR = {"where": "EUR", "op": "eq", "value": "EUR"}
IS_LARGE = {"where": "5", "op": "gt", "value": 1000}


@pytest.mark.parametrize(
    ("condition", "passing"),
    [
        ({"all": [IS_EUR, IS_EUR]}, True),
        ({"all": [IS_EUR, IS_LARGE]}, False),
        ({"any": [IS_LARGE, IS_EUR]}, True),
        ({"any": [IS_LARGE, IS_LARGE]}, False),
        ({"not": IS_LARGE}, True),
        ({"all": [IS_EUR, {"not": {"any": [IS_LARGE, {"not": IS_EUR}]}}]}, True),
    ],
)
def test_a_group_of_conditions_holds_as_its_name_says(condition: dict[str, Any], passing: bool) -> None:  # noqa: FBT001
    checked = FilterStep.model_validate(condition).model_dump(mode="json", exclude_unset=True, by_alias=True)
    assert passes(checked) is passing


@pytest.mark.parametrize(
    "condition",
    [{}, {"op": "eq"}, {"all": []}, {"all": [IS_EUR], "any": [IS_EUR]}, {"any": [{}]}, {"not": IS_EUR, "value": 1},
     {"all": [IS_EUR] * 21}],
)  # fmt: skip
def test_a_condition_has_exactly_one_form(condition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FilterStep.model_validate(condition)


@pytest.mark.parametrize(
    ("after", "until"),
    [
        ("2026-11-26T12:00:00+00:00", "2026-11-27T07:00:00+00:00"),  # a Thursday
        ("2026-11-27T12:00:00+00:00", "2026-11-30T07:00:00+00:00"),  # a Friday
        ("2026-11-28T23:00:00+00:00", "2026-11-30T07:00:00+00:00"),  # a Sunday already in Riga
        ("2026-03-27T12:00:00+00:00", "2026-03-30T06:00:00+00:00"),  # over the change to summer time
    ],
)
def test_the_next_business_day_begins_by_the_accounts_clock(after: str, until: str) -> None:
    found = next_business_day(datetime.fromisoformat(after), time(9), ZoneInfo("Europe/Riga"))
    assert found == datetime.fromisoformat(until)


def test_a_steps_own_retries_repeat_the_last_pause() -> None:
    assert StepRetry(attempts=4, schedule=["5s", "1m"]).schedule_seconds() == (0, 5, 60, 60)
    assert StepRetry(attempts=1).schedule_seconds() == (0,)
    assert StepRetry(attempts=2, schedule=["7d", "1h"]).schedule_seconds() == (0, 7 * 86_400)


@pytest.mark.parametrize(
    "retry",
    [
        {},
        {"attempts": 0},
        {"attempts": 21},
        {"attempts": 2, "schedule": []},
        {"attempts": 2, "schedule": ["8d"]},
        {"attempts": 2, "schedule": ["1w"]},
    ],
)
def test_retries_without_bounds_are_refused(retry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StepRetry.model_validate(retry)
