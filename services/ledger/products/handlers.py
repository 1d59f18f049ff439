"""Decide the commands on products: from `create_product` and its like to a row and its event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.ids import new_id
from contracts.parties import OneThing, ProductIn, ProductUpdate, ProductUpsert
from ledger.books import Asked, Books, Changes, Happening, Needs
from ledger.decision import Decision
from ledger.errors import Conflict, Fault, NotFound, StateForbids
from ledger.products.rules import Product, ProductIdentity, changed, identities_in, new_product
from ledger.quotas.counting import count, uncount


def _needs(asked: Asked[ProductIn] | Asked[ProductUpsert], needs: Needs) -> None:
    _need_identities(asked, needs, identities_in(asked.input.code, asked.input.external_id))
    needs.catalogue.usage.add((asked.account.id, "products"))


def _create(asked: Asked[ProductIn] | Asked[ProductUpsert], books: Books) -> Changes:
    _check_free(asked, books, asked.input.code, asked.input.external_id, of=None)
    product = new_product(asked.input, product_id=new_id(), account=asked.account, now=asked.now)
    changes = Changes(("product", product.id), http_status=201)
    count(asked, books, changes, "products")
    changes.catalogue.products.append(product)
    changes.happenings.append(Happening("product.created", "product", product.id, None))
    return changes


CREATE_PRODUCT = Decision(ProductIn, _needs, _create)


def _upsert(asked: Asked[ProductUpsert], books: Books) -> Changes:
    given = asked.input
    known = (books.catalogue.found.get((asked.account.id, one)) for one in identities_in(given.code, given.external_id))
    there = next((product for product in known if product is not None), None)
    if there is None or given.on_conflict == "error":
        return _create(asked, books)
    if there.archived_at is not None:
        fault = Fault("code", f"is that of the product {there.id}, which is archived: bring it back first")
        raise StateForbids(code="product_archived", faults=[fault])
    changes = Changes(("product", there.id), http_status=200)
    if given.on_conflict == "update":
        _check_free(asked, books, given.code, given.external_id, of=there)
        _change(there, changed(there, given, now=asked.now), changes)
    return changes


UPSERT_PRODUCT = Decision(ProductUpsert, _needs, _upsert)


def _update_needs(asked: Asked[ProductUpdate], needs: Needs) -> None:
    needs.catalogue.products.add(asked.key(asked.input.id))
    _need_identities(asked, needs, identities_in(asked.input.code, asked.input.external_id))
    if asked.input.archived is not None:
        needs.catalogue.usage.add((asked.account.id, "products"))


def _update(asked: Asked[ProductUpdate], books: Books) -> Changes:
    there = named(asked, books, asked.input.id, path="id")
    _check_free(asked, books, asked.input.code, asked.input.external_id, of=there)
    after = changed(there, asked.input, now=asked.now)
    changes = Changes(("product", there.id), http_status=200)
    if there.archived_at is None and after.archived_at is not None:
        uncount(changes, "products")
    elif there.archived_at is not None and after.archived_at is None:
        count(asked, books, changes, "products")
    _change(there, after, changes)
    return changes


UPDATE_PRODUCT = Decision(ProductUpdate, _update_needs, _update)


def _remove_needs(asked: Asked[OneThing], needs: Needs) -> None:
    needs.catalogue.products.add(asked.key(asked.input.id))
    needs.catalogue.usage.add((asked.account.id, "products"))


def _remove(asked: Asked[OneThing], books: Books) -> Changes:
    product = named(asked, books, asked.input.id, path="id")
    changes = Changes(None, http_status=200, subject_id=product.id)
    changes.said = {"id": str(product.id), "deleted": not product.referred, "archived": product.referred}
    if product.archived_at is None:
        uncount(changes, "products")
    if not product.referred:
        changes.catalogue.products_removed.append(product)
    elif product.archived_at is None:
        _change(product, replace(product, archived_at=asked.now, updated_at=asked.now), changes)
    return changes


REMOVE_PRODUCT = Decision(OneThing, _remove_needs, _remove)


def named(asked: Asked[Any], books: Books, product_id: UUID, *, path: str) -> Product:
    """The product that a command names by its id, archived or not.

    Raises:
        NotFound: this account has none with this id.
    """
    product = books.catalogue.products.get(asked.key(product_id))
    if product is None:
        raise NotFound(faults=[Fault(path, "is no product of this account")])
    return product


def _change(before: Product, after: Product, changes: Changes) -> None:
    if after is not before:
        changes.catalogue.products_changed.append(after)


def _need_identities(asked: Asked[Any], needs: Needs, identities: Iterable[ProductIdentity]) -> None:
    needs.catalogue.product_identities.update((asked.account.id, identity) for identity in identities)


def _check_free(
    asked: Asked[Any], books: Books, code: str | None, external_id: str | None, *, of: Product | None
) -> None:
    """Refuse a code or an external id that is another product's.

    Raises:
        Conflict: both are told, where both are taken.
    """
    taken = []
    for identity in identities_in(code, external_id):
        there = books.catalogue.found.get((asked.account.id, identity))
        if there is not None and (of is None or there.id != of.id):
            note = ", which is archived" if there.archived_at is not None else ""
            taken.append(Fault(identity.by, f"is that of the product {there.id}{note}"))
    if taken:
        raise Conflict(code=f"{taken[0].path}_taken", faults=taken)
