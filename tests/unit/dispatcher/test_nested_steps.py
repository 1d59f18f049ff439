"""Steps inside `branch` and `for_each` are checked as the outermost ones are, each named by its path."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.egress import EgressPolicy
from contracts.resources.automation import AutomationIn
from step_checks.rules import faults_inside
from trigger_dispatcher.automations.rules import faults


def faults_of(*steps: dict[str, Any]) -> dict[str, str]:
    asked = AutomationIn.model_validate({"name": "a", "trigger": {"key": "sale.posted"}, "steps": list(steps)})
    return {fault.path: fault.message for fault in faults(asked, EgressPolicy())}


def call(body: Any = None, **given: Any) -> dict[str, Any]:
    return {"action": "http_request", "input": {"url": "https://a.example", "body": body} | given}


def each(*steps: dict[str, Any], items: Any = "{{ trigger.data.lines }}") -> dict[str, Any]:
    return {"action": "for_each", "input": {"items": items, "steps": list(steps)}}


def choose(*arms: dict[str, Any]) -> dict[str, Any]:
    return {"action": "branch", "input": {"branches": list(arms)}}


def test_what_is_around_a_step_may_be_named() -> None:
    inner = call("{{ item.description }} {{ index }} {{ steps[0].output.status }} {{ inner[0].output.status }}")
    arm = {
        "where": "{{ trigger.data.total }}",
        "op": "gt",
        "value": 1,
        "steps": [call(), call("{{ inner[0].output }}")],
    }
    assert faults_of(call(), each(call(), inner), choose(arm, {"steps": [call()]})) == {}


@pytest.mark.parametrize(
    ("step", "path", "message"),
    [
        (each(call("{{ inner[0].output }}")), "steps[0].input.steps[0].input.body", "there is no step"),
        (each(call("{{ steps[0].output }}")), "steps[0].input.steps[0].input.body", "there is no step"),
        (each({"action": "fly"}), "steps[0].input.steps[0].action", "fly is not an action"),
        (each(call(url="ftp://a")), "steps[0].input.steps[0].input.url", ""),
        (each(call("{{ trigger.data.totl }}")), "steps[0].input.steps[0].input.body", "did you mean total"),
        (each(call(), items=[1] * 101), "steps[0].input.items", "at most 100"),
        (each(), "steps[0].input.steps", "1"),
        (each({"action": "delay", "input": {}, "wait": 1}), "steps[0].input.steps[0].wait", ""),
        (choose({"where": 1, "all": [], "steps": [call()]}), "steps[0].input.branches[0].all", ""),
        (choose({"steps": [call("{{ item }}")]}), "steps[0].input.branches[0].steps[0].input.body", "begins with item"),
        (each(call(), items="A, B"), "steps[0].input.items", "must be a list, or a template"),
    ],
)  # fmt: skip
def test_a_fault_inside_is_named_by_its_path(step: dict[str, Any], path: str, message: str) -> None:
    found = faults_of(step)
    assert any(one.startswith(path) and message in said for one, said in found.items()), found


def test_the_steps_inside_count_and_nest_within_bounds() -> None:
    assert "at most 20" in faults_of(each(*[call()] * 10), each(*[call()] * 9))["steps"]
    assert faults_of(each(*[call()] * 9), each(*[call()] * 9)) == {}
    deep = each(each(each(each(call()))))
    assert list(faults_of(deep)) == ["steps[0].input.steps[0].input.steps[0].input.steps[0].input.steps[0]"]


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"action": "approve", "input": {"message": "Pay {{ trigger.data.number }}?", "expires_in": "P31D"}},
         "steps[0].input.expires_in"),
        (call("{{ trigger.data.number }}", method="FLY"), "steps[0].input.method"),
        (call("{{ trigger.data.number }}", timeout_seconds=-1), "steps[0].input.timeout_seconds"),
    ],
)  # fmt: skip
def test_a_field_without_a_template_is_checked_beside_one_with_it(step: dict[str, Any], path: str) -> None:
    assert list(faults_of(step)) == [path]


@pytest.mark.parametrize("beside", [{}, {"X-Number": "{{ trigger.data.number }}"}])
def test_a_header_that_no_request_can_have_is_one_fault(beside: dict[str, str]) -> None:
    asked = call("{{ trigger.data.number }}", headers={"X Y": "x", **beside})
    requested = {"name": "a", "trigger": {"key": "sale.posted"}, "steps": [asked]}
    found = faults(AutomationIn.model_validate(requested), EgressPolicy())
    assert [fault.path for fault in found] == ["steps[0].input.headers.X Y"]


def test_what_a_caller_gives_is_not_compared_with_what_a_template_asks_for() -> None:
    given = {"items": [dict.fromkeys(map(str, range(50_000)))], "steps": [call("{{ trigger.data.input.items[0].x }}")]}
    assert faults_inside("for_each", given, EgressPolicy().allows_url) == []
