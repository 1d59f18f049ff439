"""What a product is and how one is found again: pure, between a command's input and the table of products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from contracts.primitives.money import plain
from contracts.resources.product import ProductIn, ProductPatch
from contracts.resources.sale_line import LineIn
from ledger.account import Account


@dataclass(frozen=True, slots=True)
class Product:
    """A row of `ledger.product`; price and tax rate are exact decimals as text. `referred`: documents name it."""

    account_id: UUID
    id: UUID
    code: str
    name: str
    type: Literal["product", "service"]
    description: str | None
    barcode: str | None
    unit: str | None
    unit_price: str | None
    currency: str
    tax_rate: str | None
    tax_category: str | None
    external_id: str | None
    referred: bool
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProductIdentity:
    """What no two products of an account share."""

    by: Literal["code", "external_id"]
    value: str


def identities_of(product: Product) -> tuple[ProductIdentity, ...]:
    """Identities that are unique, archived or not."""
    return identities_in(product.code, product.external_id)


def identities_in(code: str | None, external_id: str | None) -> tuple[ProductIdentity, ...]:
    """The identities of these fields, the strongest first."""
    found = []
    if external_id is not None:
        found.append(ProductIdentity("external_id", external_id))
    if code is not None:
        found.append(ProductIdentity("code", code))
    return tuple(found)


_GIVEN: Final = (
    "code", "name", "type", "description", "barcode", "unit", "unit_price", "currency", "tax_rate", "tax_category",
    "external_id",
)  # fmt: skip
"""The product's input fields, as `ProductIn` and `ProductPatch` name them."""


def new_product(ctx: ProductIn, *, product_id: UUID, account: Account, now: datetime) -> Product:
    """Make the product; its price is in the account's currency where none is named."""
    given = {name: _plain(getattr(ctx, name)) for name in _GIVEN}
    return Product(
        account_id=account.id,
        id=product_id,
        referred=False,
        archived_at=None,
        created_at=now,
        updated_at=now,
        **(given | {"currency": ctx.currency or account.currency}),
    )


def changed(product: Product, ctx: ProductIn | ProductPatch, *, now: datetime) -> Product:
    """The product with what was sent of it; the very same where that is what it was."""
    sent: dict[str, Any] = {name: _plain(getattr(ctx, name)) for name in _GIVEN if name in ctx.model_fields_set}
    if ctx.currency is None:
        sent.pop("currency", None)  # a product always has one
    if isinstance(ctx, ProductPatch) and ctx.archived is not None:
        sent["archived_at"] = (product.archived_at or now) if ctx.archived else None
    after = replace(product, **sent)
    return product if after == product else replace(after, updated_at=now)


def given_to_line(product: Product, line: LineIn, *, currency: str) -> dict[str, Any]:
    """The fields that a line in this currency takes from its product: only missing ones.

    Tax is one unit: a line with any tax field takes none.
    """
    given: dict[str, Any] = {"product_id": product.id, "item_code": line.item_code or product.code}
    if line.description is None:
        given["description"] = product.description or product.name
    if line.unit is None:
        given["unit"] = product.unit
    if line.unit_price is None and product.unit_price is not None and product.currency == currency:
        given["unit_price"] = Decimal(product.unit_price)
    if line.tax_rate is None and line.tax_category is None and not line.taxes:
        given["tax_rate"] = None if product.tax_rate is None else Decimal(product.tax_rate)
        given["tax_category"] = product.tax_category
    return given


def _plain(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value
