"""Refusals as outcomes."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from contracts.command_errors import CommandError, Conflict, InvalidInput, NotFound, StateForbids
from contracts.primitives.problem import FieldError, field_errors
from ledger.errors import Faults, QuotaExceeded, at


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (Conflict(), 409, "conflict"),
        (StateForbids(), 409, "state_forbids"),
        (InvalidInput(), 422, "invalid_input"),
        (QuotaExceeded(quota="clients"), 403, "quota_exceeded"),
    ],
)
def test_each_refusal_has_its_status_its_code_and_a_sentence(refusal: CommandError, status: int, code: str) -> None:
    problem = refusal.problem()
    assert (refusal.http_status, problem["code"], problem["errors"]) == (status, code, [])
    assert problem["title"]
    assert problem["detail"].endswith(".")


def test_a_refusal_may_say_more_of_its_own_case() -> None:
    refusal = StateForbids("It is void.", code="is_void", faults=[FieldError("id", "is void")])
    assert refusal.problem() == {
        "code": "is_void",
        "title": "The current state does not allow this",
        "detail": "It is void.",
        "errors": [{"path": "id", "message": "is void"}],
    }


def test_faults_refuse_together_or_not_at_all() -> None:
    faults = Faults()
    faults.refuse_if_any()
    faults.add("lines[0].quantity", "must be 0 or more")
    faults.add("currency", "is required")
    with pytest.raises(InvalidInput, match=r"lines\[0\].quantity must be 0 or more") as refusal:
        faults.refuse_if_any()
    assert [fault.path for fault in refusal.value.faults] == ["lines[0].quantity", "currency"]


def test_ten_thousand_faults_are_not_all_written_down() -> None:
    assert len(InvalidInput(faults=[FieldError("a", "b")] * 10_000).problem()["errors"]) <= 200


class _Line(BaseModel):
    quantity: int


class _Sale(BaseModel):
    lines: list[_Line]


def test_a_path_is_spelled_as_the_checks_at_the_door_spell_it() -> None:
    with pytest.raises(ValidationError) as refusal:
        _Sale.model_validate({"lines": [{"quantity": 1}, {"quantity": "x"}]})
    assert field_errors(refusal.value)[0].path == at("lines", 1, "quantity") == "lines[1].quantity"
