"""Refusals of the dispatcher: raised by rules and commands, turned into a command's result once, at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from contracts.primitives.problem import ERRORS_MAX, FieldError, detail_of


class CommandError(Exception):
    """This cannot be done.

    The docstring's first line is the problem's title, `code` is stable for machines; `faults` are all that was wrong.
    """

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 409

    def __init__(self, detail: str = "", *, faults: Sequence[FieldError] = ()) -> None:
        self.faults = tuple(faults)
        self.detail = detail or detail_of(self.faults)
        super().__init__(self.detail or self.title)

    @property
    def title(self) -> str:
        """The refusal's name for people."""
        return (type(self).__doc__ or "").partition("\n")[0].rstrip(".")

    def problem(self) -> dict[str, Any]:
        """The outcome's body: `{"code", "title", "detail", "errors": [{"path", "message"}]}`."""
        return {
            "code": self.code,
            "title": self.title,
            "detail": self.detail or f"{self.title}.",
            "errors": [{"path": fault.path, "message": fault.message} for fault in self.faults[:ERRORS_MAX]],
        }


class InvalidInput(CommandError):
    """The input is invalid."""

    code, http_status = "invalid_input", 422


class NotFound(CommandError):
    """Unknown id."""

    code, http_status = "not_found", 404


class PreconditionFailed(CommandError):
    """Precondition failed: the object has changed; GET it again."""

    code, http_status = "precondition_failed", 412


class SameHook(CommandError):
    """Another hook has this target, these triggers and these filters already."""

    code = "hook_exists"


class NotActive(CommandError):
    """The hook is not active."""

    code = "hook_not_active"


class NoDraft(CommandError):
    """There is no draft to publish: PUT one first."""

    code = "no_draft"


class LimitReached(CommandError):
    """The limit on the number of these is reached."""

    code = "limit_reached"
