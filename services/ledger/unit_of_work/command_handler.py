"""A command's handler: its input model, its read plan, and its decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, M, ReadPlan


@dataclass(frozen=True, slots=True)
class CommandHandler(Generic[M]):
    """One command's functions.

    `handle` raises `CommandError` instead of returning changes; none of them does I/O. `then` adds reads that depend
    on those of `plan`: a document's references.
    """

    model: type[M]
    plan: Callable[[CommandContext[M], ReadPlan], None]
    handle: Callable[[CommandContext[M], LoadedState], ChangeSet]
    then: Callable[[CommandContext[M], LoadedState, ReadPlan], None] | None = None
