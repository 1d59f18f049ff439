"""Find or make the supplier of a purchase: for the commands that accept one, within their changes."""

from __future__ import annotations

from typing import Any

from contracts.ids import new_id
from contracts.parties import SupplierIn
from ledger.books import Asked, Books, Changes, Needs
from ledger.suppliers.rules import Supplier, identity_of, new_supplier


def need(asked: Asked[Any], given: SupplierIn, needs: Needs) -> None:
    """Let the supplier that a purchase tells of be read."""
    needs.catalogue.suppliers.add((asked.account.id, identity_of(given)))


def found_or_made(asked: Asked[Any], given: SupplierIn, books: Books, changes: Changes) -> Supplier:
    """The supplier that is meant, found by what tells most of it or made within `changes`. It fires no event."""
    there = books.catalogue.suppliers.get((asked.account.id, identity_of(given)))
    if there is not None:
        return there
    supplier = new_supplier(given, supplier_id=new_id(), account_id=asked.account.id, now=asked.now)
    changes.catalogue.suppliers.append(supplier)
    return supplier
