"""What a batch reads, holds and changes for the erasure of persons."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.clients.rules import Client
from ledger.unit_of_work.state import Key


@dataclass(slots=True)
class ErasurePlan:
    """Of which clients it is to be read what is unfinished."""

    clients: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class ErasureChanges:
    """The changes of one command: clients as they were before their erasure."""

    erased: list[Client] = field(default_factory=list)


@dataclass(slots=True)
class LoadedUnfinished:
    """By client: what is unfinished, in words for its caller. Absent: nothing."""

    reasons: dict[Key, list[str]] = field(default_factory=dict)
