"""Decide the commands on products: from `create_product` and its like to a row and its event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.command_errors import Conflict, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.product import ProductIn, ProductUpdate, ProductUpsert
from contracts.resources.schemas import ByIdInput
from ledger.products.rules import Product, ProductIdentity, changed, identities_in, new_product
from ledger.products.state import LoadedProducts, ProductChanges, ProductPlan
from ledger.quotas.counting import count, uncount
from ledger.quotas.state import UsagePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[ProductIn] | CommandContext[ProductUpsert], plan: ReadPlan) -> None:
    _need_identities(ctx, plan, identities_in(ctx.input.code, ctx.input.external_id))
    plan[UsagePlan].counters.add((ctx.account.id, "products"))


def _create(ctx: CommandContext[ProductIn] | CommandContext[ProductUpsert], state: LoadedState) -> ChangeSet:
    _check_free(ctx, state, ctx.input.code, ctx.input.external_id, of=None)
    product = new_product(ctx.input, product_id=new_id(), account=ctx.account, now=ctx.now)
    changes = ChangeSet(("product", product.id), http_status=201)
    count(ctx, state, changes, "products")
    changes[ProductChanges].new.append(product)
    changes.domain_events.append(DomainEvent("product.created", "product", product.id, None))
    return changes


CREATE_PRODUCT = CommandHandler(ProductIn, _plan, _create)


def _upsert(ctx: CommandContext[ProductUpsert], state: LoadedState) -> ChangeSet:
    given = ctx.input
    known = (
        state[LoadedProducts].found.get((ctx.account.id, one)) for one in identities_in(given.code, given.external_id)
    )
    there = next((product for product in known if product is not None), None)
    if there is None or given.on_conflict == "error":
        return _create(ctx, state)
    if there.archived_at is not None:
        fault = FieldError("code", f"is that of the product {there.id}, which is archived: bring it back first")
        raise StateForbids(code="product_archived", faults=[fault])
    changes = ChangeSet(("product", there.id), http_status=200)
    if given.on_conflict == "update":
        _check_free(ctx, state, given.code, given.external_id, of=there)
        _change(there, changed(there, given, now=ctx.now), changes)
    return changes


UPSERT_PRODUCT = CommandHandler(ProductUpsert, _plan, _upsert)


def _update_needs(ctx: CommandContext[ProductUpdate], plan: ReadPlan) -> None:
    plan[ProductPlan].ids.add(ctx.key(ctx.input.id))
    _need_identities(ctx, plan, identities_in(ctx.input.code, ctx.input.external_id))
    if ctx.input.archived is not None:
        plan[UsagePlan].counters.add((ctx.account.id, "products"))


def _update(ctx: CommandContext[ProductUpdate], state: LoadedState) -> ChangeSet:
    there = named(ctx, state, ctx.input.id, path="id")
    _check_free(ctx, state, ctx.input.code, ctx.input.external_id, of=there)
    after = changed(there, ctx.input, now=ctx.now)
    changes = ChangeSet(("product", there.id), http_status=200)
    if there.archived_at is None and after.archived_at is not None:
        uncount(changes, "products")
    elif there.archived_at is not None and after.archived_at is None:
        count(ctx, state, changes, "products")
    _change(there, after, changes)
    return changes


UPDATE_PRODUCT = CommandHandler(ProductUpdate, _update_needs, _update)


def _remove_needs(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    plan[ProductPlan].ids.add(ctx.key(ctx.input.id))
    plan[UsagePlan].counters.add((ctx.account.id, "products"))


def _remove(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    product = named(ctx, state, ctx.input.id, path="id")
    changes = ChangeSet(None, http_status=200, subject_id=product.id)
    changes.result_body = {"id": str(product.id), "deleted": not product.referred, "archived": product.referred}
    if product.archived_at is None:
        uncount(changes, "products")
    if not product.referred:
        changes[ProductChanges].removed.append(product)
    elif product.archived_at is None:
        _change(product, replace(product, archived_at=ctx.now, updated_at=ctx.now), changes)
    return changes


REMOVE_PRODUCT = CommandHandler(ByIdInput, _remove_needs, _remove)


def named(ctx: CommandContext[Any], state: LoadedState, product_id: UUID, *, path: str) -> Product:
    """The product that a command names by its id, archived or not.

    Raises:
        NotFound: this account has none with this id.
    """
    product = state[LoadedProducts].products.get(ctx.key(product_id))
    if product is None:
        raise NotFound(faults=[FieldError(path, "unknown product")])
    return product


def _change(before: Product, after: Product, changes: ChangeSet) -> None:
    if after is not before:
        changes[ProductChanges].changed.append(after)


def _need_identities(ctx: CommandContext[Any], plan: ReadPlan, identities: Iterable[ProductIdentity]) -> None:
    plan[ProductPlan].identities.update((ctx.account.id, identity) for identity in identities)


def _check_free(
    ctx: CommandContext[Any], state: LoadedState, code: str | None, external_id: str | None, *, of: Product | None
) -> None:
    """Refuse a code or an external id that is another product's.

    Raises:
        Conflict: names both, if both are in use.
    """
    taken = []
    for identity in identities_in(code, external_id):
        there = state[LoadedProducts].found.get((ctx.account.id, identity))
        if there is not None and (of is None or there.id != of.id):
            note = ", which is archived" if there.archived_at is not None else ""
            taken.append(FieldError(identity.by, f"is that of the product {there.id}{note}"))
    if taken:
        raise Conflict(code=f"{taken[0].path}_taken", faults=taken)
