"""Hooks: subscriptions of a URL to triggers. Input, changes, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.resources.inbox import Actor
from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import FilterRange, Filters, Model, ShortText

HookRate = Annotated[float, Field(ge=0.01, le=1000, allow_inf_nan=False)]
HookConcurrency = Annotated[int, Field(ge=1, le=100)]
TriggerKeys = Annotated[list[str], Field(min_length=1, max_length=50)]


class HookIn(Model):
    """A URL and the triggers it subscribes to; an event passes if each filter holds for the event's value of its field.

    A filter is a list of values, or a range `{"gte": ..., "lte": ...}`. `rate_per_second` and `concurrency` bound its
    deliveries, over all processes; null: the installation's values, 25 a second and 16 at once unless configured.
    """

    target_url: Annotated[str, StringConstraints(min_length=8, max_length=2048)]
    triggers: TriggerKeys
    filters: Filters = Field(default_factory=dict)
    ordered: Literal["client"] | None = None
    rate_per_second: HookRate | None = None
    concurrency: HookConcurrency | None = None
    name: ShortText | None = None


class HookPatch(Model):
    """What may change of a hook: absent fields stay as they are."""

    target_url: Annotated[str, StringConstraints(min_length=8, max_length=2048)] | None = None
    triggers: TriggerKeys | None = None
    filters: Filters | None = None
    ordered: Literal["client"] | None = None
    rate_per_second: HookRate | None = None
    concurrency: HookConcurrency | None = None
    name: ShortText | None = None
    state: Literal["active", "disabled"] | None = None


class HookHealth(ResponseModel):
    """How a hook's receiver does: of its newest deliveries, at most 200; durations in milliseconds.

    `success_rate` is of those that ended, null where none did. `paused_until` is
    there while the receiver is left alone.
    """

    failures_in_a_row: int
    failing_since: dt.datetime | None
    paused_until: dt.datetime | None
    deliveries: int
    succeeded: int
    failed: int
    pending: int
    success_rate: float | None
    last_success_at: dt.datetime | None
    last_failure_at: dt.datetime | None
    duration_p50_ms: int | None
    duration_p95_ms: int | None


class Hook(ResponseModel):
    """A subscription of a URL to triggers; `secret` is there only when it was just made or rotated.

    `reason` says why it is not active, when its owner did not switch it off; `health` is there wherever one hook is
    answered, not in lists.
    """

    id: UUID
    state: Literal["active", "disabled", "removed"]
    target_url: str
    triggers: list[str]
    filters: dict[str, list[str] | FilterRange]
    ordered: Literal["client"] | None
    rate_per_second: float | None
    concurrency: int | None
    name: str | None
    reason: str | None
    created_by: Actor | None
    created_at: dt.datetime
    updated_at: dt.datetime
    secret: str | None = None
    health: HookHealth | None = None


class HookTested(ResponseModel):
    """The delivery that a test made; look it up at `/v1/deliveries/{id}`."""

    delivery_id: UUID


class RecoveryCount(ResponseModel):
    """How many events are sent, or would be."""

    count: int


def from_row(row: Row) -> dict[str, Any]:
    """A hook, from `dispatch_api.hook`. `reason` says why it is not active, when its owner did not switch it off."""
    return {
        "id": str(row["id"]),
        "target_url": row["target_url"],
        "triggers": list(row["triggers"]),
        "filters": row["filters"],
        "ordered": row["ordered"],
        "rate_per_second": row["rate_per_second"],
        "concurrency": row["concurrency"],
        "name": row["name"],
        "state": row["state"],
        "reason": row["reason"],
        "created_by": row["created_by"],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-1c00-7d40-8f72-8c9d0e1f2a3b",
    "target_url": "https://receiver.example/hook",
    "triggers": ["sale.posted"],
    "filters": {},
    "ordered": None,
    "rate_per_second": None,
    "concurrency": None,
    "name": "Accounting",
    "state": "disabled",
    "reason": "only failures for 5 days",
    "created_by": {"kind": "access_token", "id": "0198f7c4-0400-7e50-8a61-7b8c9d0e1f2a", "name": "Accounting"},
    "created_at": "2026-01-12T08:15:00+00:00",
    "updated_at": "2026-03-02T09:30:00+00:00",
}
