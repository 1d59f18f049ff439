"""Faults as callers read them: a path as they write it, and what to do about it in our words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.catalog.flow_inputs import Delay
from contracts.primitives.problem import field_errors
from contracts.resources.automation import AutomationIn
from contracts.resources.connection import ConnectionIn
from contracts.resources.hook import HookIn
from contracts.resources.sale import SaleIn
from contracts.resources.schemas import Model


def faults(model: type[Model], given: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return {fault.path: fault.message for fault in field_errors(caught.value)}


def test_what_is_missing_unknown_or_of_another_type_is_said_plainly() -> None:
    hook = {"triggers": "client.created", "filters": {"name": []}, "colour": "red", "ordered": "yes"}
    assert faults(HookIn, hook) == {
        "target_url": "is required",
        "triggers": "must be a list",
        "filters.name": "must have 1 or more of them, here are 0",
        "colour": "is not a field of this object: leave it out",
        "ordered": "must be 'client'",
    }


def test_a_documents_faults_name_their_lines() -> None:
    sale = {
        "sale_type": "invoice",
        "client_id": "x",
        "document_date": "2026-02-30",
        "include_tax": "perhaps",
        "lines": [{"description": 7, "quantity": "1", "unit_price": "1"}, "line"],
    }
    found = faults(SaleIn, sale)
    assert found["client_id"] == "must be an id"
    assert found["document_date"] == "must be a date, as 2026-03-02"
    assert found["include_tax"] == "must be true or false"
    assert found["lines[0].description"] == "must be a text"
    assert found["lines[1]"] == "must be an object"
    assert found["sale_type"].startswith("must be 'sales_order', 'sales_proforma'")


def test_bounds_are_named() -> None:
    assert faults(AutomationIn, {"name": "n" * 201, "trigger": {"key": "k"}, "steps": []}) == {
        "name": "must have at most 200 characters",
        "steps": "must have 1 or more of them, here are 0",
    }
    chat = {"name": "a", "kind": "http", "url": "https://a.example", "headers": {"a b": "c"}}
    assert all("must be a header's name" in message for message in faults(ConnectionIn, chat).values())
    assert faults(Delay, {"until": "tomorrow"}) == {"until": "must be a time with its zone, as 2026-03-02T09:30:00Z"}
