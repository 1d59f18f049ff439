"""What a batch reads, holds and changes of products."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.products.rules import Product, ProductIdentity, identities_of
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class ProductPlan:
    """Which products are to be read."""

    ids: set[Key] = field(default_factory=set)
    identities: set[tuple[UUID, ProductIdentity]] = field(default_factory=set)


@dataclass(slots=True)
class ProductChanges:
    """What one command changes."""

    new: list[Product] = field(default_factory=list)
    changed: list[Product] = field(default_factory=list)
    removed: list[Product] = field(default_factory=list)


@dataclass(slots=True)
class LoadedProducts:
    """Products after the commands handled so far."""

    products: dict[Key, Product] = field(default_factory=dict)
    found: dict[tuple[UUID, ProductIdentity], Product] = field(default_factory=dict)

    def know(self, product: Product) -> None:
        """Index a product in its current state."""
        self.discard(product.account_id, product.id)
        self.products[product.account_id, product.id] = product
        for identity in identities_of(product):
            self.found[product.account_id, identity] = product

    def discard(self, account_id: UUID, product_id: UUID) -> None:
        """Remove a product from the index."""
        before = self.products.pop((account_id, product_id), None)
        for identity in identities_of(before) if before else ():
            del self.found[account_id, identity]


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    mine, products = changes[ProductChanges], state[LoadedProducts]
    for product in (*mine.new, *mine.changed):
        products.know(product)
    for product in mine.removed:
        products.discard(ctx.account.id, product.id)
