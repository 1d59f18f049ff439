"""What a caller may do: the closed set of scopes that credentials carry and routes ask for."""

from __future__ import annotations

from typing import Final, Literal

Scope = Literal["read", "write", "admin"]
"""read: look; write: change the books, hooks and automations; admin: credentials and channels."""

SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")
ALL_SCOPES: Final = frozenset(SCOPES)
