"""References of templates are checked against the trigger's events and the outputs of earlier steps."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.egress import EgressPolicy
from contracts.resources.automation import AutomationIn
from trigger_dispatcher.automations.rules import faults

STEPS = [
    {"action": "http_request", "input": {"url": "https://a.example"}},
    {"action": "find_client", "input": {"email": "a@a.example"}},
]


def faults_of(body: Any, trigger: str = "sale.posted", **given: Any) -> dict[str, str]:
    last = {"action": "http_request", "input": {"url": "https://a.example", "body": body} | given}
    asked = AutomationIn.model_validate({"name": "a", "trigger": {"key": trigger}, "steps": [*STEPS, last]})
    return {fault.path: fault.message for fault in faults(asked, EgressPolicy())}


@pytest.mark.parametrize(
    "text",
    [
        "{{ trigger.data.total }} {{ trigger.type }} {{ trigger.id }} {{ trigger.timestamp }}",
        "{{ trigger.data.lines[3].description }} {{ trigger.data.lines.size }} {{ trigger.data['number'] | upcase }}",
        "{{ trigger.data.client.name }} {{ account.time_zone }}",
        "{{ steps[0].output.body.anything[0].goes }} {{ steps[0].output.headers['x-a'] }} {{ steps[0].output.status }}",
        "{{ steps[1].output.found }} {{ steps[1].output.client.email }}",
        "{% for line in trigger.data.lines %}{{ line.nothing }}{% endfor %}",
        "{{ 'trigger.data.nothing' }} {% raw %}{{ trigger.data.nothing }}{% endraw %}",
        "trigger.data.nothing",
    ],
)
def test_what_leads_somewhere_is_let_through(text: str) -> None:
    assert faults_of(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ trigger.data.totl }}", "no totl in trigger.data: did you mean total"),
        ("{{ trigger.data.client.nam }}", "no nam in trigger.data.client: did you mean name"),
        ("{{ trigger.dat.total }}", "no dat in trigger: did you mean data"),
        ("{% if trigger.data.totl | default: 1 %}x{% endif %}", "no totl in trigger.data"),
        ("{{ steps[1].output.clint }}", "no clint in steps[1].output: did you mean client"),
        ("{{ steps[0].outputs }}", "no outputs in steps[0]: did you mean output"),
        ("{{ account.currencies }}", "no currencies in account: did you mean currency"),
        ("{{ trigger.data.number.first }}", "no first in trigger.data.number"),
    ],
)
def test_what_leads_nowhere_is_named_with_the_nearest_names(text: str, expected: str) -> None:
    found = faults_of({"a": [text]})
    assert list(found) == ["steps[2].input.body.a[0]"]
    assert expected in found["steps[2].input.body.a[0]"]


def test_what_others_post_may_have_any_field() -> None:
    assert faults_of("{{ trigger.data.body.what.ever[1] }}", "webhook.received") == {}
    assert "no boddy" in str(faults_of("{{ trigger.data.boddy.x }}", "webhook.received"))


@pytest.mark.parametrize("body", [None, "{{ trigger.data.total }}"])
@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\x00", "\x7f"])
def test_a_header_with_a_control_character_is_refused(value: str, body: Any) -> None:
    assert list(faults_of(body, headers={"X-A": value, "X-B": "fine"})) == ["steps[2].input.headers.X-A"]
