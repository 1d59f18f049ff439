"""Deliveries of events to hooks, with their attempts: output, and how a row becomes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from contracts.resources.output import ResponseModel, Row, time_text

DeliveryState = Literal["pending", "in_flight", "succeeded", "failed", "cancelled"]


class Delivery(ResponseModel):
    """The delivery of one event to one hook; `status_code` and `error` are those of the last attempt."""

    id: UUID
    hook_id: UUID
    event_id: UUID
    trigger: str
    state: DeliveryState
    attempt_count: int
    next_attempt_at: dt.datetime | None
    status_code: int | None
    error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


class Attempt(ResponseModel):
    """One try: the receiver's status and the start of its answer, or why there was none."""

    number: int
    started_at: dt.datetime
    finished_at: dt.datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


class DeliveryWithAttempts(Delivery):
    """A delivery with every attempt, first to last."""

    attempts: list[Attempt]


def from_row(row: Row, attempts: Iterable[Row] | None = None) -> dict[str, Any]:
    """A delivery, from `execution_api.delivery` and, for a single one, its rows of `execution_api.attempt`.

    `next_attempt_at` is null unless it is pending; `status_code` and `error` are those of the last attempt, and `error`
    says why it was cancelled. Lists have only `attempt_count`, without `attempts`.
    """
    found = {
        "id": str(row["id"]),
        "hook_id": str(row["hook_id"]),
        "event_id": str(row["event_id"]),
        "trigger": row["trigger"],
        "state": row["state"],
        "attempt_count": row["attempts"],
        "next_attempt_at": time_text(row["due_at"]),
        "status_code": row["status_code"],
        "error": row["error"],
        "created_at": time_text(row["created_at"]),
        "finished_at": time_text(row["finished_at"]),
    }
    if attempts is not None:
        found["attempts"] = [attempt(one) for one in attempts]
    return found


def attempt(row: Row) -> dict[str, Any]:
    """One attempt, from `execution_api.attempt`; `status_code` is null when no answer came."""
    return {
        "number": row["number"],
        "started_at": time_text(row["started_at"]),
        "finished_at": time_text(row["finished_at"]),
        "duration_ms": row["duration_ms"],
        "status_code": row["status_code"],
        "error": row["error"],
        "response": row["response"],
    }
