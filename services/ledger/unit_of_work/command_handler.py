"""What a command is to the consumer: the input it takes, what it needs to be read, and how it is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, M, ReadPlan


@dataclass(frozen=True, slots=True)
class CommandHandler(Generic[M]):
    """One command's moves. `decide` raises `LedgerRefusal` instead of changes; none of them does I/O.

    `then` tells what else is needed once what `needs` told is read: what a document refers to.
    """

    model: type[M]
    plan: Callable[[CommandContext[M], ReadPlan], None]
    handle: Callable[[CommandContext[M], LoadedState], ChangeSet]
    then: Callable[[CommandContext[M], LoadedState, ReadPlan], None] | None = None
