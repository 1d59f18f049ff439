"""Fill in missing fields of a document's lines from their products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from contracts.command_errors import NotFound, StateForbids
from contracts.primitives.problem import FieldError
from contracts.resources.sale import SaleIn
from contracts.resources.sale_line import LineIn
from ledger.errors import at
from ledger.products.rules import Product, ProductIdentity, given_to_line
from ledger.products.state import LoadedProducts, ProductChanges, ProductPlan
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def need(ctx: CommandContext[Any], lines: Iterable[LineIn], plan: ReadPlan) -> None:
    """Plan the read of products that lines name by id or code."""
    for line in lines:
        if line.product_id is not None:
            plan[ProductPlan].ids.add(ctx.key(line.product_id))
        elif line.item_code is not None:
            plan[ProductPlan].identities.add((ctx.account.id, ProductIdentity("code", line.item_code)))


def with_products(
    ctx: CommandContext[Any], state: LoadedState, changes: ChangeSet, sale: SaleIn, *, currency: str
) -> SaleIn:
    """Return the document with its lines filled in; it refers to their products.

    An unknown code, or an archived product's, is free text. A price in another currency is ignored.

    Raises:
        NotFound, StateForbids: products named by id are unknown, or archived; each one is listed.
    """
    products = [_product_of(ctx, state, line) for line in sale.lines]
    _check_named(sale.lines, products)
    lines = [
        line if product is None else line.model_copy(update=given_to_line(product, line, currency=currency))
        for line, product in zip(sale.lines, products, strict=True)
    ]
    fresh = {product.id: product for product in products if product is not None and not product.referred}
    changes[ProductChanges].changed += [replace(product, referred=True) for product in fresh.values()]
    return sale.model_copy(update={"lines": lines})


def _product_of(ctx: CommandContext[Any], state: LoadedState, line: LineIn) -> Product | None:
    if line.product_id is not None:
        return state[LoadedProducts].products.get(ctx.key(line.product_id))
    if line.item_code is None:
        return None
    found = state[LoadedProducts].found.get((ctx.account.id, ProductIdentity("code", line.item_code)))
    return None if found is None or found.archived_at is not None else found


def _check_named(lines: list[LineIn], products: list[Product | None]) -> None:
    unknown, archived = [], []
    for index, (line, product) in enumerate(zip(lines, products, strict=True)):
        path = at("lines", index, "product_id")
        if line.product_id is not None and product is None:
            unknown.append(FieldError(path, "unknown product"))
        elif product is not None and product.archived_at is not None:
            archived.append(FieldError(path, f"is that of the product {product.code}, which is archived"))
    if unknown:
        raise NotFound(faults=unknown)
    if archived:
        raise StateForbids(code="product_archived", faults=archived)
