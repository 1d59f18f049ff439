"""Refusals of the ledger: raised by its rules, turned into a command's result once, at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from contracts.primitives.problem import ERRORS_MAX, FieldError, detail_of
from ledger.quotas.rules import Quota

__all__ = [
    "BadInput",
    "Conflict",
    "Faults",
    "FieldError",
    "LedgerRefusal",
    "NotFound",
    "PreconditionFailed",
    "QuotaExceeded",
    "StateForbids",
    "at",
]


def at(*steps: str | int) -> str:
    """Spell a field's path as callers write it: ("lines", 3, "quantity") is `lines[3].quantity`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


class LedgerRefusal(Exception):
    """The ledger refuses this.

    The first line of each class's docstring is the problem's title, `code` is stable for machines; a raise may give a
    narrower code, a sentence about the case, and every error found.
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


class NotFound(LedgerRefusal):
    """Unknown id."""

    code, http_status = "not_found", 404


class Conflict(LedgerRefusal):
    """Conflicts with an existing object."""

    code, http_status = "conflict", 409


class StateForbids(LedgerRefusal):
    """The current state does not allow this."""

    code, http_status = "state_forbids", 409


class PreconditionFailed(LedgerRefusal):
    """Precondition failed: the object has changed; GET it again."""

    code, http_status = "precondition_failed", 412


class BadInput(LedgerRefusal):
    """The input is invalid."""

    code, http_status = "invalid_input", 422


class QuotaExceeded(LedgerRefusal):
    """The plan's limit for this is reached."""

    code, http_status = "quota_exceeded", 403

    def __init__(self, detail: str = "", *, quota: Quota) -> None:
        super().__init__(detail)
        self.quota: Final = quota


class Faults:
    """Collects every fault of an input, so that a caller gets all of them at once."""

    def __init__(self) -> None:
        self._found: list[FieldError] = []

    def add(self, path: str, message: str) -> None:
        """Note one fault."""
        self._found.append(FieldError(path, message))

    def refuse_if_any(self) -> None:
        """End here when something was wrong.

        Raises:
            BadInput: with every fault, in the order they were found.
        """
        if self._found:
            raise BadInput(faults=self._found)
