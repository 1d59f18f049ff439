"""Errors of commands: raised by rules and handlers, turned into a command's result once, at the edge.

Each class's docstring begins with the problem's title; `code` is stable for machines. What only one service has is
in its own `errors`; ingress, which answers requests rather than commands, has `ingress.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from contracts.primitives.problem import ERRORS_MAX, FieldError, detail_of


class CommandError(Exception):
    """This cannot be done.

    A raise may give a narrower code, a sentence about the case, and every error found.
    """

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 409

    def __init__(self, detail: str = "", *, code: str | None = None, faults: Sequence[FieldError] = ()) -> None:
        self.faults = tuple(faults)
        self.detail = detail or detail_of(self.faults)
        self.problem_code = code or self.code
        super().__init__(self.detail or self.title)

    @property
    def title(self) -> str:
        """The refusal's name for people."""
        return (type(self).__doc__ or "").partition("\n")[0].rstrip(".")

    def problem(self) -> dict[str, Any]:
        """The outcome's body: `{"code", "title", "detail", "errors": [{"path", "message"}]}`."""
        return {
            "code": self.problem_code,
            "title": self.title,
            "detail": self.detail or f"{self.title}.",
            "errors": [{"path": fault.path, "message": fault.message} for fault in self.faults[:ERRORS_MAX]],
        }


class NotFound(CommandError):
    """Unknown id."""

    code, http_status = "not_found", 404


class Conflict(CommandError):
    """Conflicts with an existing object."""

    code, http_status = "conflict", 409


class StateForbids(CommandError):
    """The current state does not allow this."""

    code, http_status = "state_forbids", 409


class PreconditionFailed(CommandError):
    """Precondition failed: the object has changed; GET it again."""

    code, http_status = "precondition_failed", 412


class InvalidInput(CommandError):
    """The input is invalid."""

    code, http_status = "invalid_input", 422
