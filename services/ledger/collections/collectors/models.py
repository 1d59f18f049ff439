"""A collector and the steps of one of its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.resources.collector import CollectorKind


@dataclass(frozen=True, slots=True)
class Collector:
    """A row of `ledger.collector` with the steps of its newest version, as the API shows them.

    One that was removed sends what still names it to `replaced_by`.
    """

    account_id: UUID
    id: UUID
    name: str
    kind: CollectorKind
    is_default: bool
    version: int
    steps: list[dict[str, Any]]
    replaced_by: UUID | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


def living(collectors: Mapping[UUID, Collector], collector_id: UUID | None) -> Collector | None:
    """The collector that an id stands for now: itself, or what replaces it; None where it is none, or not any more."""
    there = collectors.get(collector_id) if collector_id is not None else None
    if there is None or there.deleted_at is None:
        return there
    return None if there.replaced_by is None else collectors.get(there.replaced_by)


def default_of(collectors: Mapping[UUID, Collector]) -> Collector:
    """The collector of clients without one of their own."""
    return next(one for one in collectors.values() if one.is_default)
