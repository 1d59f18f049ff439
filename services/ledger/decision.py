"""What a command is to the consumer: the input it takes, what it needs to be read, and how it is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from ledger.books import Asked, Books, Changes, M, Needs


@dataclass(frozen=True, slots=True)
class Decision(Generic[M]):
    """One command's two moves. `decide` raises `LedgerRefusal` instead of changes; it does no I/O."""

    model: type[M]
    needs: Callable[[Asked[M], Needs], None]
    decide: Callable[[Asked[M], Books], Changes]
