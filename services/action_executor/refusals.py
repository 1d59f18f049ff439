"""Make the result of a command that is refused: problem details with a stable code."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.primitives.problem import FieldError, detail_of
from outbox.pipeline import CommandResult


def invalid(found: Sequence[FieldError]) -> CommandResult:
    """422 with every fault."""
    return problem(422, "invalid_input", "The input is invalid", detail_of(found), found)


def not_found(detail: str) -> CommandResult:
    """404: this account has no such resource."""
    return problem(404, "not_found", "Unknown id", detail)


def problem(status: int, code: str, title: str, detail: str, found: Sequence[FieldError] = ()) -> CommandResult:
    """Any refusal: `{"code", "title", "detail", "errors": [{"path", "message"}]}`."""
    errors = [{"path": fault.path, "message": fault.message} for fault in found]
    return CommandResult(status, {"code": code, "title": title, "detail": detail, "errors": errors})
