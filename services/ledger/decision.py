"""What a command is to the consumer: the input it takes, what it needs to be read, and how it is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from ledger.books import Asked, Books, Changes, M, Needs


@dataclass(frozen=True, slots=True)
class Decision(Generic[M]):
    """One command's moves. `decide` raises `LedgerRefusal` instead of changes; none of them does I/O.

    `then` tells what else is needed once what `needs` told is read: what a document refers to.
    """

    model: type[M]
    needs: Callable[[Asked[M], Needs], None]
    decide: Callable[[Asked[M], Books], Changes]
    then: Callable[[Asked[M], Books, Needs], None] | None = None
