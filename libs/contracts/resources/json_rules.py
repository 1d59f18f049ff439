"""Rules between fields, as JSON schema says them: for a model's `json_schema_extra`, beside the validator that checks.

A null counts as absent, as in the validators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

NOT_NULL: Final[dict[str, Any]] = {"not": {"type": "null"}}


def all_of(*rules: dict[str, Any]) -> dict[str, Any]:
    """Each of these rules holds."""
    return {"allOf": list(rules)}


def exactly_one_of(*names: str) -> dict[str, Any]:
    """One of these fields is given, and no other of them."""
    return {"oneOf": [given(name) for name in names]}


def at_least_one_of(*names: str) -> dict[str, Any]:
    """One of these fields is given, or several."""
    return {"anyOf": [given(name) for name in names]}


def not_both(one: str, other: str) -> dict[str, Any]:
    """One of the two fields is left out, or both are."""
    return {"anyOf": [only(**{one: [None]}), only(**{other: [None]})]}


def given(name: str) -> dict[str, Any]:
    """This field is given."""
    return {"required": [name], "properties": {name: NOT_NULL}}


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


def where(
    name: str, values: Sequence[str], then: dict[str, Any], otherwise: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Where the field is given with one of these values the one rule holds, else the other."""
    return _conditional({"required": [name], "properties": {name: {"enum": list(values)}}}, then, otherwise)


def where_given(name: str, then: dict[str, Any], otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
    """Where the field is given the one rule holds, else the other."""
    return _conditional(given(name), then, otherwise)


def _conditional(this: dict[str, Any], then: dict[str, Any], otherwise: dict[str, Any] | None) -> dict[str, Any]:
    return {"if": this, "then": then} | ({} if otherwise is None else {"else": otherwise})
