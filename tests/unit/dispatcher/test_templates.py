"""Templates before there is a run: mistakes are reported at once, and what could be right is let through."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.resources.automation import AutomationStep
from step_checks.templates import template_faults
from step_checks.tree import PlacedStep


def faults(value: Any, number: int = 1) -> dict[str, str]:
    step = AutomationStep(action="http_request", input={"body": value})
    placed = PlacedStep(step, "steps[0]", number, step.input)
    return {fault.path.replace("steps[0].input.body", "input"): fault.message for fault in template_faults(placed)}


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "{ no template }",
        "{{ trigger.data.total }}",
        "{{trigger.type}} and {{- account.name -}}",
        "{{ steps[0].output.id }}",
        '{{ "text" | append: trigger.data.number }}',
        "{{ 3 | times: trigger.data.quantity }}",
        "{{ (1..3) }}",
        "{{ nil | default: account.id }}",
        "{% for line in trigger.data.lines %}{{ line.code }}{% endfor %}",
        "{% raw %}{{ anything }}{% endraw %}",
        "{{ trigger.data.steps[7] }}",
        "}} closes nothing",
    ],
)
def test_what_may_be_right_is_let_through(text: str) -> None:
    assert faults(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ trigger.data.total", "opens {{ and never closes it with }}"),
        ("{{ trigger.data.total }", "opens {{ and never closes it with }}"),
        ("{{ account.id }} {% if trigger", "opens {% and never closes it with %}"),
        ("{{ triger.data.total }}", "begins with triger: templates here know trigger, steps, account"),
        ("{{ data.total }}", "begins with data: templates here know trigger, steps, account"),
        ("{{ steps[1].output.id }}", "asks for steps[1], and before this step there is steps[0]"),
        ("{% if steps[12].output %}a{% endif %}", "asks for steps[12], and before this step there is steps[0]"),
    ],
)
def test_a_slip_is_reported(text: str, expected: str) -> None:
    assert faults(text) == {"input": expected}


def test_a_slip_is_found_at_any_depth() -> None:
    given = {"body": {"lines": ["fine", {"id": "{{ step.id }}"}]}, "url": "{{ account.id"}
    assert faults(given).keys() == {"input.body.lines[1].id", "input.url"}


def test_the_first_step_has_none_before_it() -> None:
    assert faults("{{ steps[0].output }}", 0) == {"input": "asks for steps[0], and before this step there is no step"}
    assert "steps[0] to steps[2]" in faults("{{ steps[3].output }}", 3)["input"]
