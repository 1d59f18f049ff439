"""What the ledger's refusals have of their own: quotas, and every fault of an input at once."""

from __future__ import annotations

from typing import Final

from contracts.command_errors import CommandError, InvalidInput
from contracts.primitives.problem import FieldError
from ledger.quotas.rules import Quota


def at(*steps: str | int) -> str:
    """Spell a field's path as callers write it: ("lines", 3, "quantity") is `lines[3].quantity`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


class QuotaExceeded(CommandError):
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
            InvalidInput: with every fault, in the order they were found.
        """
        if self._found:
            raise InvalidInput(faults=self._found)
