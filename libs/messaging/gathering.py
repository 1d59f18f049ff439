"""Decide whether a message waits for company, so that several share one transaction."""

from __future__ import annotations

from typing import Final

AT_ONCE_AFTER_LONE_WAIT: Final = 10  # messages that do not wait: someone may send one after another's outcome


class Gathering:
    """Waits while that brings company: after a wait that brought none, the next messages go at once."""

    def __init__(self) -> None:
        self._at_once = 0

    def must_wait(self) -> bool:
        """Count a message; return whether it waits."""
        if self._at_once:
            self._at_once -= 1
            return False
        return True

    def waited(self, *, alone: bool) -> None:
        """Note how a wait ended."""
        self._at_once = AT_ONCE_AFTER_LONE_WAIT if alone else 0
