"""Who sends bills, and how a supplier is found again: pure, between a purchase and the table of suppliers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts.resources.supplier import SupplierIn


@dataclass(frozen=True, slots=True)
class Supplier:
    """A row of `ledger.supplier`."""

    account_id: UUID
    id: UUID
    name: str
    reg_number: str | None
    tax_number: str | None
    email: str | None
    phone: str | None
    address: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SupplierIdentity:
    """One identity of a supplier."""

    by: Literal["reg_number", "tax_number", "name"]
    value: str


def identity_of(given: SupplierIn) -> SupplierIdentity:
    """The strongest identity of a given supplier, which alone decides whether it exists."""
    if given.reg_number is not None:
        return SupplierIdentity("reg_number", given.reg_number)
    if given.tax_number is not None:
        return SupplierIdentity("tax_number", given.tax_number)
    return SupplierIdentity("name", given.name.lower())


def identities_of(supplier: Supplier) -> tuple[SupplierIdentity, ...]:
    """Everything that a supplier is recognised by."""
    known = [SupplierIdentity("name", supplier.name.lower())]
    if supplier.reg_number is not None:
        known.append(SupplierIdentity("reg_number", supplier.reg_number))
    if supplier.tax_number is not None:
        known.append(SupplierIdentity("tax_number", supplier.tax_number))
    return tuple(known)


def new_supplier(given: SupplierIn, *, supplier_id: UUID, account_id: UUID, now: datetime) -> Supplier:
    """Make the supplier."""
    return Supplier(
        account_id=account_id,
        id=supplier_id,
        name=given.name,
        reg_number=given.reg_number,
        tax_number=given.tax_number,
        email=given.email,
        phone=given.phone,
        address=None if given.address is None else given.address.model_dump(mode="json"),
        created_at=now,
        updated_at=now,
    )
