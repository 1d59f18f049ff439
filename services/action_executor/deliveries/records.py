"""Frozen records of deliveries between the store, the scheduler and the sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Key = tuple[UUID, UUID]
"""(account id, hook id)"""


@dataclass(frozen=True, slots=True)
class HookLimits:
    """A hook's own bounds over all processes; None where the installation's count."""

    rate_per_second: float | None = None
    concurrency: int | None = None


State = Literal["pending", "in_flight", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, eq=False)
class NewDelivery:
    """A delivery to insert. `leased`: this process holds it from the start; `after` must arrive before it."""

    account_id: UUID
    id: UUID
    event_id: UUID
    hook_id: UUID
    client_id: UUID | None
    correlation_id: UUID
    trigger: str
    body: bytes
    ordered: bool
    leased: bool
    after: UUID | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ClaimedDelivery:
    """A delivery leased to this process. `lease_ends` is monotonic seconds; `tries` is how far along its schedule."""

    account_id: UUID
    id: UUID
    event_id: UUID
    hook_id: UUID
    correlation_id: UUID
    trigger: str
    body: bytes
    ordered: bool
    is_retry: bool
    schedule_position: int
    epoch: int
    lease_ends: float

    @property
    def key(self) -> Key:
        """The hook's key."""
        return (self.account_id, self.hook_id)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """What Postgres holds of one hook's receiver. Seconds count from now.

    `version` is the hook's that failures are of; `hook_version` is its present one.
    """

    key: Key
    ordered: bool
    open_seconds_left: float
    failures: int
    version: int = 0
    hook_version: int = 0
    limits: HookLimits = HookLimits()


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """How many fresh deliveries and retries of a hook to claim; with `ordered`, of ordered deliveries too."""

    key: Key
    fresh: int
    retries: int
    ordered: bool


@dataclass(frozen=True, slots=True, eq=False)
class DeliveryResult:
    """One finished attempt, or (without `started_at`) one cancelled before it began. `due_in` seconds, when pending."""

    item: ClaimedDelivery
    state: State
    due_in: float | None
    error: str | None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    status_code: int | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class QueueUpdate:
    """An update of a queue: consecutive failures to add, for how long it is closed.

    `due_in` seconds: when its next delivery is due, None when nothing became pending. `version` is the called hook's: a
    response to an older version is ignored, one to a newer version resets the state.
    """

    key: Key
    ordered: bool
    due_in: float | None
    failures: int = 0
    open_seconds: float = 0.0
    version: int = 0
