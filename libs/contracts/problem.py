"""Errors as callers see them: RFC 9457 problem details with a stable code and every fault found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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


def _message(fault: Any) -> str:
    match fault["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a field of this object: leave it out"
        case "value_error":
            return str(fault["ctx"]["error"])
        case _:
            return str(fault["msg"])
