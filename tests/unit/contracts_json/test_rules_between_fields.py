"""Rules between fields: what the JSON Schema of a model takes is what the model takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

import jsonschema_rs
import pytest
from pydantic import BaseModel, ValidationError

from contracts.resources.inbox_rule import InboxRuleIn
from contracts.resources.schemas import PayTerm

ABSENT: Final = object()
MATCH: Final = {"reg_number": "40003000001"}
VALUES: Final[list[tuple[type[BaseModel], Mapping[str, list[Any]]]]] = [
    (PayTerm, {"type": [0, 1, 2, 3, 4], "days": [ABSENT, None, 0, 14]}),
    (
        InboxRuleIn,
        {
            "box": ["purchases", "sales"],
            "match": [MATCH],
            "issue": [ABSENT, False, True],
            "auto_processing": [ABSENT, False, True],
        },
    ),
]


def every(values: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of the values; an absent one leaves its field out."""
    for chosen in product(*values.values()):
        yield {name: value for name, value in zip(values, chosen, strict=True) if value is not ABSENT}


def takes(model: type[BaseModel], given: dict[str, Any]) -> bool:
    """Whether the model takes it."""
    try:
        model.model_validate(given)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("model", "values"), VALUES)
def test_the_schema_takes_what_the_model_takes(model: type[BaseModel], values: Mapping[str, list[Any]]) -> None:
    schema = jsonschema_rs.validator_for(model.model_json_schema())
    judged = {str(given): (schema.is_valid(given), takes(model, given)) for given in every(values)}
    assert {by_model for _, by_model in judged.values()} == {True, False}
    assert {given for given, (by_schema, by_model) in judged.items() if by_schema != by_model} == set()
