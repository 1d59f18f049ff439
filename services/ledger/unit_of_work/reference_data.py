"""What a batch works on beside clients and documents: products, suppliers, and how much of its plan an account uses.

A part of `ledger.unit_of_work.state`, and read, changed and taken with it.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date
from uuid import UUID

from ledger.products.rules import Product, ProductIdentity, identities_of
from ledger.quotas.rules import Quota, Usage
from ledger.suppliers import rules as suppliers
from ledger.suppliers.rules import Supplier, SupplierIdentity

Key = tuple[UUID, UUID]
UsageKey = tuple[UUID, Quota]


@dataclass(slots=True)
class ReferenceReadPlan:
    """What the commands of a batch want to be read for them."""

    products: set[Key] = field(default_factory=set)
    product_identities: set[tuple[UUID, ProductIdentity]] = field(default_factory=set)
    suppliers: set[tuple[UUID, SupplierIdentity]] = field(default_factory=set)
    usage: set[UsageKey] = field(default_factory=set)


@dataclass(slots=True)
class ReferenceChanges:
    """What one command changes; `usage` counts up or down, `reached` are limits that refused a part of it."""

    products: list[Product] = field(default_factory=list)
    products_changed: list[Product] = field(default_factory=list)
    products_removed: list[Product] = field(default_factory=list)
    suppliers: list[Supplier] = field(default_factory=list)
    usage: dict[Quota, int] = field(default_factory=dict)
    reached: set[Quota] = field(default_factory=set)

    def join(self, others: ReferenceChanges) -> None:
        """Change what others change as well."""
        self.products += others.products
        self.products_changed += others.products_changed
        self.products_removed += others.products_removed
        self.suppliers += others.suppliers
        for quota, count in others.usage.items():
            self.usage[quota] = self.usage.get(quota, 0) + count
        self.reached |= others.reached


@dataclass(slots=True)
class QuotaReached:
    """A limit that is to be told of: it refused this command, on this day of the account's."""

    account_id: UUID
    command_id: UUID
    quota: Quota
    usage: Usage
    today: date


@dataclass(slots=True)
class ReferenceData:
    """What was read of all this, as it stands after the commands taken so far."""

    products: dict[Key, Product] = field(default_factory=dict)
    found: dict[tuple[UUID, ProductIdentity], Product] = field(default_factory=dict)
    suppliers: dict[tuple[UUID, SupplierIdentity], Supplier] = field(default_factory=dict)
    usage: dict[UsageKey, Usage] = field(default_factory=dict)
    usage_before: dict[UsageKey, Usage] = field(default_factory=dict)  # of what moved
    reached: list[QuotaReached] = field(default_factory=list)

    def branch(self) -> ReferenceData:
        """A copy that takes changes by itself."""
        return ReferenceData(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})

    def know(self, product: Product) -> None:
        """Let a product be found as it now is."""
        self.forget(product.account_id, product.id)
        self.products[product.account_id, product.id] = product
        for identity in identities_of(product):
            self.found[product.account_id, identity] = product

    def forget(self, account_id: UUID, product_id: UUID) -> None:
        """Let a product no longer be found."""
        before = self.products.pop((account_id, product_id), None)
        for identity in identities_of(before) if before else ():
            del self.found[account_id, identity]

    def know_supplier(self, supplier: Supplier) -> None:
        """Let a supplier be found; where two answer to one identity, the one known first stays."""
        for identity in suppliers.identities_of(supplier):
            self.suppliers.setdefault((supplier.account_id, identity), supplier)

    def take(self, changes: ReferenceChanges, account_id: UUID, command_id: UUID, *, today: date) -> None:
        """Make a command's changes count."""
        for product in (*changes.products, *changes.products_changed):
            self.know(product)
        for product in changes.products_removed:
            self.forget(account_id, product.id)
        for supplier in changes.suppliers:
            self.know_supplier(supplier)
        for quota, count in changes.usage.items():
            self._use((account_id, quota), self.usage[account_id, quota].by(count))
        for quota in sorted(changes.reached):
            self.reach(account_id, command_id, quota, today=today)

    def reach(self, account_id: UUID, command_id: UUID, quota: Quota, *, today: date) -> None:
        """A limit refused something: tell of it, if nobody was told in this period."""
        usage = self.usage[account_id, quota]
        notified = usage.notified(today)
        if notified is not usage:
            self._use((account_id, quota), notified)
            self.reached.append(QuotaReached(account_id, command_id, quota, notified, today))

    def _use(self, key: UsageKey, usage: Usage) -> None:
        self.usage_before.setdefault(key, self.usage[key])
        self.usage[key] = usage
