"""What an automation may ask for is bounded before it is looked at: few faults, short paths, one for a large one."""

from __future__ import annotations

from typing import Any

from chassis.egress import EgressPolicy
from contracts.primitives.problem import ERRORS_MAX
from contracts.resources.automation import AutomationIn
from trigger_dispatcher.automations.rules import faults


def faults_of(*inputs: dict[str, Any]) -> list[tuple[str, str]]:
    steps = [{"action": "http_request", "input": given} for given in inputs]
    asked = AutomationIn.model_validate({"name": "a", "trigger": {"key": "sale.posted"}, "steps": steps})
    return [(fault.path, fault.message) for fault in faults(asked, EgressPolicy())]


def test_more_templates_than_an_automation_may_have_are_one_fault() -> None:
    found = faults_of({"url": "https://a.example", "body": ["{{ nobody }}"] * 40_000})
    assert [path for path, _ in found] == ["steps"]


def test_faults_are_counted_before_they_are_made_and_their_paths_are_cut() -> None:
    found = faults_of({"url": "https://a.example", "body": {"k" * 50_000: ["{{ nobody }}"] * 2_000}})
    assert len(found) == ERRORS_MAX + 1  # one more says that there are more
    assert max(len(path) for path, _ in found) <= 300


def test_a_filter_without_a_condition_is_refused_when_it_is_saved_templates_or_not() -> None:
    step = {"action": "filter", "input": {"all": [{"op": "eq", "value": "{{ trigger.data.total }}"}]}}
    requested = AutomationIn.model_validate({"name": "a", "trigger": {"key": "sale.posted"}, "steps": [step]})
    found = faults(requested, EgressPolicy.parse(""))
    assert [(fault.path, fault.message) for fault in found] == [
        ("steps[0].input.all[0]", "needs exactly one of where, all, any and not")
    ]
