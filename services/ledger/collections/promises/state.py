"""What a batch reads, holds and changes of promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.clients.state import LoadedClients
from ledger.collections.promises.models import Paid, Promise
from ledger.payments.state import PaymentChanges
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class PromisePlan:
    """Which promises are to be read, and of which ones what came in for them."""

    ids: set[Key] = field(default_factory=set)
    paid: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class PromiseChanges:
    """What one command changes: promises are new or written anew."""

    promises: dict[UUID, Promise] = field(default_factory=dict)


@dataclass(slots=True)
class LoadedPromises:
    """Promises as they stand after the commands taken so far; `payers` are clients whose payments changed."""

    promises: dict[Key, Promise] = field(default_factory=dict)
    paid: dict[Key, Paid] = field(default_factory=dict)
    payers: set[Key] = field(default_factory=set)
    sales_settled: set[Key] = field(default_factory=set)
    due_now: list[datetime] = field(default_factory=list)  # when some were made due by a payment


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Make a command's changes count."""
    known = state[LoadedPromises]
    for promise in changes[PromiseChanges].promises.values():
        known.promises[ctx.key(promise.id)] = promise
        state[LoadedClients].referred.add(ctx.key(promise.client_id))
    payments = changes[PaymentChanges]
    known.payers.update(ctx.key(payment.client_id) for payment in payments.payments.values())
    known.sales_settled.update(ctx.key(one.sale_id) for one in payments.settlements)


def next_check(state: LoadedState) -> datetime | None:
    """The earliest moment at which a promise that was written is looked at."""
    known = state[LoadedPromises]
    checks = [*known.due_now, *(one.check_at for one in known.promises.values() if one.check_at is not None)]
    return min(checks, default=None)
