"""What a batch reads, holds and changes of suppliers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.suppliers.rules import Supplier, SupplierIdentity, identities_of
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class SupplierPlan:
    """Which suppliers are to be read."""

    ids: set[Key] = field(default_factory=set)
    identities: set[tuple[UUID, SupplierIdentity]] = field(default_factory=set)


@dataclass(slots=True)
class SupplierChanges:
    """What one command changes."""

    new: list[Supplier] = field(default_factory=list)


@dataclass(slots=True)
class LoadedSuppliers:
    """Suppliers after the commands handled so far."""

    by_id: dict[Key, Supplier] = field(default_factory=dict)
    found: dict[tuple[UUID, SupplierIdentity], Supplier] = field(default_factory=dict)

    def know(self, supplier: Supplier) -> None:
        """Index a supplier; of two with one identity, the first one stays."""
        for identity in identities_of(supplier):
            self.found.setdefault((supplier.account_id, identity), supplier)


def take(_ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    for supplier in changes[SupplierChanges].new:
        state[LoadedSuppliers].know(supplier)
