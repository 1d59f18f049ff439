"""Let the lines of a document have from their products what they do not say themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from contracts.objects import LineIn, SaleIn
from ledger.books import Asked, Books, Changes, Needs
from ledger.errors import Fault, NotFound, StateForbids, at
from ledger.products.rules import Product, ProductIdentity, given_to_line


def need(asked: Asked[Any], lines: Iterable[LineIn], needs: Needs) -> None:
    """Let the products be read that lines name by id, or by a code that may be one's."""
    for line in lines:
        if line.product_id is not None:
            needs.catalogue.products.add(asked.key(line.product_id))
        elif line.item_code is not None:
            needs.catalogue.product_identities.add((asked.account.id, ProductIdentity("code", line.item_code)))


def with_products(asked: Asked[Any], books: Books, changes: Changes, sale: SaleIn, *, currency: str) -> SaleIn:
    """The document with its lines filled in; from now on it refers to their products.

    A code that is no product's, or an archived one's, is free text. A price in another currency is not taken.

    Raises:
        NotFound, StateForbids: products named by id are not there, or archived; every one is told.
    """
    products = [_product_of(asked, books, line) for line in sale.lines]
    _check_named(sale.lines, products)
    lines = [
        line if product is None else line.model_copy(update=given_to_line(product, line, currency=currency))
        for line, product in zip(sale.lines, products, strict=True)
    ]
    fresh = {product.id: product for product in products if product is not None and not product.referred}
    changes.catalogue.products_changed += [replace(product, referred=True) for product in fresh.values()]
    return sale.model_copy(update={"lines": lines})


def _product_of(asked: Asked[Any], books: Books, line: LineIn) -> Product | None:
    if line.product_id is not None:
        return books.catalogue.products.get(asked.key(line.product_id))
    if line.item_code is None:
        return None
    found = books.catalogue.found.get((asked.account.id, ProductIdentity("code", line.item_code)))
    return None if found is None or found.archived_at is not None else found


def _check_named(lines: list[LineIn], products: list[Product | None]) -> None:
    unknown, archived = [], []
    for index, (line, product) in enumerate(zip(lines, products, strict=True)):
        path = at("lines", index, "product_id")
        if line.product_id is not None and product is None:
            unknown.append(Fault(path, "is no product of this account"))
        elif product is not None and product.archived_at is not None:
            archived.append(Fault(path, f"is that of the product {product.code}, which is archived"))
    if unknown:
        raise NotFound(faults=unknown)
    if archived:
        raise StateForbids(code="product_archived", faults=archived)
