"""Find or make the supplier of a purchase: for the commands that accept one, within their changes."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from contracts.resources.supplier import SupplierIn
from ledger.suppliers.rules import Supplier, identity_of, new_supplier
from ledger.suppliers.state import LoadedSuppliers, SupplierChanges, SupplierPlan
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def need(ctx: CommandContext[Any], given: SupplierIn, plan: ReadPlan) -> None:
    """Plan the read of a purchase's supplier."""
    plan[SupplierPlan].identities.add((ctx.account.id, identity_of(given)))


def found_or_made(ctx: CommandContext[Any], given: SupplierIn, state: LoadedState, changes: ChangeSet) -> Supplier:
    """Find the supplier by its strongest identity, or create it within `changes`. It fires no event."""
    there = state[LoadedSuppliers].found.get((ctx.account.id, identity_of(given)))
    if there is not None:
        return there
    supplier = new_supplier(given, supplier_id=new_id(), account_id=ctx.account.id, now=ctx.now)
    changes[SupplierChanges].new.append(supplier)
    return supplier
