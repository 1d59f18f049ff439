"""The public names of the API's models and operations: generated clients have them as names of classes and methods."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ingress.api.openapi import describe
from ingress.api.openapi_requests import BODY_SCHEMAS
from ingress.api.schema_names import SCHEMA_NAMES, schema_name
from ingress.routes import ROUTES


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return describe(ROUTES)


def test_every_component_has_an_explicit_public_name(described: dict[str, Any]) -> None:
    explicit = {
        *SCHEMA_NAMES.values(),
        *BODY_SCHEMAS,
        *(schema_name(route.response_model) for route in ROUTES if route.response_model),
    }
    unnamed = set(described["components"]["schemas"]) - explicit
    assert not unnamed, f"name these models in ingress/api/{{request,response}}_schema_names.py: {sorted(unnamed)}"


def test_public_names_of_models_are_unique_and_plain(described: dict[str, Any]) -> None:
    names = list(SCHEMA_NAMES.values())
    assert len(names) == len(set(names))
    for name in described["components"]["schemas"]:
        assert re.fullmatch(r"([A-Z][a-z]+)+", name), name


def test_every_named_model_is_used(described: dict[str, Any]) -> None:
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert used == set(described["components"]["schemas"])


def test_operation_ids_are_unique_verbs_and_nouns() -> None:
    identifiers = [route.operation_id for route in ROUTES]
    assert len(identifiers) == len(set(identifiers))
    for identifier in identifiers:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", identifier), identifier
