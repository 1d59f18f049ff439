"""Templates: types kept, unknown names reported, and bounds that hold against hostile templates."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from templates.filling import TemplateFault, fill, is_plain
from templates.liquid_templates import fill_liquid

NAMES: dict[str, Any] = {
    "trigger": {
        "type": "sale.posted",
        "data": {"total": "1234.50", "quantity": 3, "paid": False, "none": None,
                 "lines": [{"code": "007"}, {"code": "8"}],
                 "long": "a" * 100_000, "evil": "{{ account.id }}"},
    },
    "steps": [{"output": {"id": "c1"}}],
    "account": {"id": "acc", "name": "Baltic"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ trigger.data.total }}", "1234.50"),
        ("{{ trigger.data.quantity }}", 3),
        ("{{ trigger.data.paid }}", False),
        ("{{ trigger.data.none }}", None),
        ("{{ trigger.data.lines }}", [{"code": "007"}, {"code": "8"}]),
        ("{{trigger.data.lines[0].code}}", "007"),
        ("{{ trigger.data.lines | map: 'code' }}", ["007", "8"]),
        ("{{ steps[0].output.id }}", "c1"),
        ("{{ trigger.data.quantity | times: 2 }}", 6),
        ("{{ trigger.data.missing | default: 'none' }}", "none"),
        (" {{ trigger.data.quantity }}", " 3"),
        ("{{ account.name }}: {{ trigger.data.total }} EUR", "Baltic: 1234.50 EUR"),
        ("{% for line in trigger.data.lines %}{{ line.code }};{% endfor %}", "007;8;"),
        ("lines: {{ trigger.data.lines }}", 'lines: [{"code":"007"},{"code":"8"}]'),
        ("none: {{ trigger.data.none }}.", "none: ."),
        ("{{ (1..3) }}", [1, 2, 3]),
        ("{{ trigger.data.evil }}", "{{ account.id }}"),  # what came in is never a template itself
        ("plain", "plain"),
        ("{ no template }", "{ no template }"),
    ],
)
def test_a_template_is_filled_in(template: str, value: Any) -> None:
    assert fill_liquid(template, NAMES).value == value
    if is_plain(template):
        assert fill(template, NAMES).value == value


def test_templates_are_filled_in_at_any_depth() -> None:
    given = {"a": ["{{ trigger.data.quantity }}", {"b": "{{ account.id }}"}], "c": 1, "d": None}
    assert fill(given, NAMES).value == {"a": [3, {"b": "acc"}], "c": 1, "d": None}


@pytest.mark.parametrize(
    ("template", "reported"),
    [
        ("{{ nobody.x }}", "input.text: 'nobody' is undefined"),
        ("{{ steps[7].output.id }}", "steps has no item there"),
        ("{{ trigger.data.total | nonsense }}", "unknown filter 'nonsense'"),
        ("{{ trigger.data.total", "expected '}}'"),
        ("{% include 'x' %}", "unexpected tag 'include'"),
        ("{{ 1 | divided_by: 0 }}", "divide"),
    ],
)
def test_what_cannot_be_filled_in_says_why(template: str, reported: str) -> None:
    with pytest.raises(TemplateFault) as fault:
        fill_liquid({"text": template}, NAMES)
    assert reported in str(fault.value)


@pytest.mark.parametrize(
    "template",
    [
        "{{ trigger.data.long | replace: 'a', trigger.data.long }}",
        "{{ trigger.data.long | replace: '', trigger.data.long }}",
        "{{ trigger.data.long | split: '' | join: trigger.data.long }}",
        "{{ (1..1000000000) | join: 'x' }}",
        "{{ (1..1000000000) }}",
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
        "{% assign a = 9 %}{% for i in (1..100) %}{% assign a = a | times: a %}{% endfor %}{{ a }}",
        "{{ trigger.data.long }}{{ trigger.data.long }}{{ trigger.data.long }}",
        "{% if true %}" * 50 + "{% endif %}" * 50,
        "x" * 20_000 + "{{ account.id }}",
    ],
)
def test_no_account_takes_more_than_its_share(template: str) -> None:
    with pytest.raises(TemplateFault):
        fill_liquid({"text": template}, NAMES)


def test_a_deeply_nested_input_is_refused() -> None:
    nested: Any = "{{ account.id }}"
    for _ in range(100):
        nested = [nested]
    with pytest.raises(TemplateFault, match="nested"):
        fill(nested, NAMES)


@pytest.mark.slow
def test_liquid_is_imported_by_template_workers_alone() -> None:
    program = "import sys, action_executor.app; sys.exit('liquid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
