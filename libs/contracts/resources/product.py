"""Products: what is sold. Input, changes, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal
from uuid import UUID

from pydantic import field_validator

from contracts.primitives.money import Percent, UnitPrice
from contracts.resources.output import JSONObject, ResponseModel, Row, decimal_text
from contracts.resources.schemas import (
    DEFAULT_ON_CONFLICT,
    LongText,
    OnConflict,
    Reference,
    ShortText,
    WithCurrency,
    required_if_sent,
)

ProductType = Literal["product", "service"]


class ProductIn(WithCurrency):
    """An item that is sold. `unit_price` is in `currency`, the account's when it is absent; `tax_rate` in percent."""

    code: Reference
    name: ShortText
    type: ProductType = "product"
    description: LongText | None = None
    barcode: Reference | None = None
    unit: Reference | None = None
    unit_price: UnitPrice | None = None
    tax_rate: Percent | None = None
    tax_category: Reference | None = None
    external_id: Reference | None = None


class ProductPatch(WithCurrency):
    """What may change of a product. `archived` hides it from lists and from new documents, or brings it back."""

    code: Reference | None = None
    name: ShortText | None = None
    type: ProductType | None = None
    description: LongText | None = None
    barcode: Reference | None = None
    unit: Reference | None = None
    unit_price: UnitPrice | None = None
    tax_rate: Percent | None = None
    tax_category: Reference | None = None
    external_id: Reference | None = None
    archived: bool | None = None

    _kept = field_validator("code", "name", "type", "currency", "archived", mode="before")(required_if_sent)


class ProductUpdate(ProductPatch):
    """A product's id, and what changes of it; absent fields stay."""

    id: UUID


class ProductUpsert(ProductIn):
    """A product by its external id, else its code, and what happens to an existing one."""

    on_conflict: OnConflict = DEFAULT_ON_CONFLICT


class Product(ResponseModel):
    """An item that is sold."""

    id: UUID
    code: str
    name: str
    type: ProductType
    description: str | None
    barcode: str | None
    unit: str | None
    unit_price: str | None
    currency: str
    tax_rate: str | None
    tax_category: str | None
    external_id: str | None
    archived: bool
    created_at: dt.datetime
    updated_at: dt.datetime


def from_row(row: Row) -> JSONObject:
    """A product, from `ledger_api.product`."""
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in ("code", "name", "type", "description", "barcode", "unit")},
        "unit_price": decimal_text(row["unit_price"]),
        "currency": row["currency"],
        "tax_rate": decimal_text(row["tax_rate"]),
        "tax_category": row["tax_category"],
        "external_id": row["external_id"],
        "archived": row["archived_at"] is not None,
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-1b00-7e20-9b62-1d3e4f5a6b7c",
    "code": "CONSULT",
    "name": "Consulting",
    "type": "service",
    "description": "One hour of consulting",
    "barcode": None,
    "unit": "hour",
    "unit_price": "138.66",
    "currency": "EUR",
    "tax_rate": "19",
    "tax_category": "S",
    "external_id": "shop-77",
    "archived": False,
    "created_at": "2026-03-02T08:05:00+00:00",
    "updated_at": "2026-03-02T08:05:00+00:00",
}
