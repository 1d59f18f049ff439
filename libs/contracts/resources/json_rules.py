"""Rules between fields, as JSON schema says them: for a model's `json_schema_extra`, beside the validator that checks.

A null counts as absent, as in the validators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def exactly_one_of(*names: str) -> dict[str, Any]:
    """One of these fields is given, and no other of them."""
    return {"oneOf": [given(name) for name in names]}


def at_least_one_of(*names: str) -> dict[str, Any]:
    """One of these fields is given, or several."""
    return {"anyOf": [given(name) for name in names]}


def given(name: str) -> dict[str, Any]:
    """This field is given."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def names_by_pattern(schema: dict[str, Any]) -> None:
    """Rewrite the schema of an object whose names have a pattern: no other names, values of one form.

    Pydantic says `patternProperties`, which leaves all other names open, and which generators of clients ignore.
    """
    ((pattern, value),) = schema.pop("patternProperties").items()
    schema["propertyNames"] = schema.get("propertyNames", {}) | {"pattern": pattern}
    schema["additionalProperties"] = value


def only(**values: Sequence[Any]) -> dict[str, Any]:
    """Each of these fields has one of its values or is left out."""
    return {"properties": {name: {"enum": list(allowed)} for name, allowed in values.items()}}


def where(name: str, values: Sequence[str], then: dict[str, Any]) -> dict[str, Any]:
    """Where the field is given with one of these values the rule holds."""
    return {"if": {"required": [name], "properties": {name: {"enum": list(values)}}}, "then": then}


def where_given(name: str, then: dict[str, Any]) -> dict[str, Any]:
    """Where the field is given the rule holds."""
    return {"if": given(name), "then": then}
