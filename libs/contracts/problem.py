"""Errors as callers see them: RFC 9457 problem details with a stable code and every fault found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

FAULTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the input: where, and what to do about it."""

    path: str
    message: str


def problem(status: int, code: str, title: str, detail: str = "", faults: Sequence[Fault] = ()) -> dict[str, Any]:
    """The problem object: `type, title, status, detail, code` and, for bad input, `errors`."""
    body: dict[str, Any] = {
        "type": f"https://ledgerwire.example/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
    }
    if faults:
        body["errors"] = [{"path": fault.path, "message": fault.message} for fault in faults[:FAULTS_MAX]]
    return body


def faults_of(error: ValidationError) -> list[Fault]:
    """Every fault pydantic found, its path written as callers write it: `lines[0].quantity`."""
    return [Fault(_path(fault["loc"]), _message(fault)) for fault in error.errors(include_url=False)]


def _path(parts: Sequence[int | str]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


# What pydantic finds, in our words; `{name}` is of the fault's context.
_SAID: Final[dict[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this object: leave it out",
    "value_error": "{error}",
    "literal_error": "must be {expected}",
    "too_short": "must have {min_length} or more of them, here are {actual_length}",
    "too_long": "must have at most {max_length} of them",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "uuid_type": "must be an id",
    "uuid_parsing": "must be an id",
    "date_type": "must be a date, as 2026-03-02",
    "date_parsing": "must be a date, as 2026-03-02",
    "date_from_datetime_parsing": "must be a date, as 2026-03-02",
    "date_from_datetime_inexact": "must be a date, as 2026-03-02",
    "datetime_type": "must be a time with its zone, as 2026-03-02T09:30:00Z",
    "datetime_parsing": "must be a time with its zone, as 2026-03-02T09:30:00Z",
    "datetime_from_date_parsing": "must be a time with its zone, as 2026-03-02T09:30:00Z",
    "timezone_aware": "must be a time with its zone, as 2026-03-02T09:30:00Z",
}


def _message(fault: Any) -> str:
    said = _SAID.get(fault["type"])
    return str(fault["msg"]) if said is None else said.format(**fault.get("ctx", {}))
