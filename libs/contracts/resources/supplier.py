"""Suppliers, who send bills. Input, output, and how a row becomes it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import Address, Model, Reference, ShortText


class SupplierIn(Model):
    """A sender of bills: recognised by registration number, else tax number, else name."""

    name: ShortText
    reg_number: Reference | None = None
    tax_number: Reference | None = None
    email: ShortText | None = None
    phone: Reference | None = None
    address: Address | None = None


class Supplier(ResponseModel):
    """A sender of bills, with the data of its first bill."""

    id: UUID
    name: str
    reg_number: str | None
    tax_number: str | None
    email: str | None
    phone: str | None
    address: Address | None
    created_at: dt.datetime
    updated_at: dt.datetime


def from_row(row: Row) -> JSONObject:
    """A supplier, from `ledger_api.supplier`."""
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in ("name", "reg_number", "tax_number", "email", "phone", "address")},
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }
