"""However much is wrong, and however long the sender's names are, what is said of it is short."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from chassis.egress import EgressPolicy
from contracts.primitives.problem import (
    ERRORS_MAX,
    LISTED_MAX,
    MESSAGE_CHARS_MAX,
    PATH_CHARS_MAX,
    FieldError,
    field_errors,
    path_of,
    problem,
    texts_in,
)
from contracts.resources.automation import AutomationIn, AutomationStep
from contracts.resources.sale import SaleIn
from contracts.resources.schemas import Model
from ledger.text import unstorable
from step_checks.templates import template_faults
from step_checks.tree import PlacedStep
from trigger_dispatcher.automations.rules import faults as automation_faults

ANSWER_BYTES_MAX = ERRORS_MAX * (PATH_CHARS_MAX + MESSAGE_CHARS_MAX)


def faults(model: type[Model], given: Any) -> list[FieldError]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return field_errors(caught.value)


def test_a_path_and_a_message_are_cut() -> None:
    fault = FieldError("p" * 1_000_000, "m" * 1_000_000)
    assert (len(fault.path), len(fault.message)) == (PATH_CHARS_MAX, MESSAGE_CHARS_MAX)
    assert FieldError("lines[0]", "is required") == FieldError("lines[0]", "is required")


def test_an_answer_names_so_many_faults_and_counts_the_rest() -> None:
    reported = problem(422, "invalid_input", "t", faults=[FieldError(f"a[{n}]", "is wrong") for n in range(1_000)])[
        "errors"
    ]
    assert len(reported) == ERRORS_MAX
    assert reported[-1] == {"path": "", "message": f"has {1_000 - ERRORS_MAX + 1} more faults"}


def test_every_fault_of_a_model_is_counted() -> None:
    sale = {"sale_type": "sales_invoice", "client": {"name": "A"}, "lines": [{"colour": 1}] * 1_000}
    found = faults(SaleIn, sale)
    assert (len(found), found[0].path) == (ERRORS_MAX, "lines[0].quantity")
    assert found[-1].message == f"has {3 * 1_000 - ERRORS_MAX + 1} more faults"


def test_more_faults_than_can_be_listed_are_only_counted() -> None:
    sale = {"sale_type": "sales_invoice", "client": {"name": "A"}, "lines": [{"colour": 1}] * 5_000}
    assert [fault.message for fault in faults(SaleIn, sale)] == [f"has {3 * 5_000} faults"]
    assert LISTED_MAX < 3 * 5_000


def test_a_long_name_is_not_repeated_in_every_path() -> None:
    name = "n" * 400_000
    given = {name: {name: ["\0"] * 10_000}}
    found = unstorable(given)
    assert len(found) == ERRORS_MAX
    assert len(orjson.dumps([fault.path for fault in found])) < ANSWER_BYTES_MAX


def test_template_faults_are_made_one_by_one() -> None:
    step = AutomationStep(action="http_request", input={"n" * 400_000: ["{{ nobody.knows"] * 100_000})
    made = template_faults(PlacedStep(step, "steps[0]", 0, step.input))
    first = next(made)
    assert first.path.startswith("steps[0].input.nnn")
    assert len(first.path) == PATH_CHARS_MAX


def test_the_faults_of_an_automation_are_bounded_before_they_are_made() -> None:
    step = {"action": "add_note", "input": {f"field_{n}": 1 for n in range(10_000)}}
    asked = AutomationIn.model_validate({"name": "a", "trigger": {"key": "client.created"}, "steps": [step] * 20})
    assert len(automation_faults(asked, EgressPolicy())) <= 20 * (ERRORS_MAX + 2)


def test_a_place_is_written_as_callers_write_it() -> None:
    given = {"a": [{"b\0": "x"}], "c": "y"}
    assert {text: path_of(place) for text, place in texts_in(given)} == {
        "a": "a", "b\0": "a[0].b\ufffd", "x": "a[0].b\ufffd", "c": "c", "y": "c",
    }  # fmt: skip
