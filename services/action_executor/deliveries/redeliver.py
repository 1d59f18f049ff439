"""Deliver again what failed, was cancelled, or arrived long ago: due now, under the same id, with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from action_executor.deliveries.records import Key
from action_executor.deliveries.rules import FAILURES_TO_OPEN
from contracts.primitives.problem import field_errors
from contracts.resources import delivery
from contracts.wire.envelope import Envelope
from storage.pool import Connection


class RedeliverData(BaseModel):
    """The data of `redeliver`; with `undelivered_only` a delivered one is unchanged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    undelivered_only: bool = False


@dataclass(frozen=True, slots=True)
class Redelivery:
    """The caller's result, and the hook whose queue has work now."""

    status: int
    body: dict[str, Any]
    key: Key | None = None
    hook_version: int = 0


_FIND = """
SELECT d.hook_id, d.ordered, h.state AS hook_state, h.version AS hook_version
  FROM execution.delivery d
  LEFT JOIN dispatch_api.hook h ON h.account_id = d.account_id AND h.id = d.hook_id
 WHERE d.account_id = $1 AND d.id = $2
"""

# A requested try: the breaker allows one.
_OPEN_LANE = """
INSERT INTO execution.delivery_queue AS l (account_id, hook_id, ordered, due_at) VALUES ($1, $2, $3, now())
    ON CONFLICT (account_id, hook_id) DO UPDATE
       SET due_at = now(), open_until = NULL, failures = least(l.failures, $4)
"""

# The schedule restarts unless it still runs; attempts keep counting.
_MAKE_DUE = """
UPDATE execution.delivery
   SET tries = CASE WHEN state = 'pending' THEN tries ELSE 0 END,
       state = 'pending', due_at = now(), finished_at = NULL, is_retry = true, lease_epoch = lease_epoch + 1
 WHERE account_id = $1 AND id = $2 AND state <> 'in_flight' AND NOT (state = 'succeeded' AND $3)
"""

_SHOW = "SELECT * FROM execution_api.delivery WHERE account_id = $1 AND id = $2"
_SHOW_ATTEMPTS = "SELECT * FROM execution_api.attempt WHERE account_id = $1 AND delivery_id = $2 ORDER BY number"


async def redeliver(conn: Connection, command: Envelope) -> Redelivery:
    """Make a delivery due now: 200 with it. One that is being attempted is unchanged."""
    try:
        requested = RedeliverData.model_validate(command.data)
    except ValidationError as error:
        return _invalid(error)
    delivery_id = requested.id
    found = await conn.fetchrow(_FIND, command.account_id, delivery_id)
    if found is None:
        return _problem(404, "not_found", "Unknown id", f"there is no delivery {delivery_id}")
    if found["hook_state"] != "active":
        return _problem(409, "hook_not_active", "The hook is not active", "enable the hook first, then deliver again")
    key = (command.account_id, found["hook_id"])
    await conn.execute(_OPEN_LANE, *key, found["ordered"], FAILURES_TO_OPEN)
    await conn.execute(_MAKE_DUE, command.account_id, delivery_id, requested.undelivered_only)
    row = await conn.fetchrow(_SHOW, command.account_id, delivery_id)
    attempts = await conn.fetch(_SHOW_ATTEMPTS, command.account_id, delivery_id)
    return Redelivery(200, delivery.from_row(row or {}, attempts), key, found["hook_version"])


def _problem(status: int, code: str, title: str, detail: str) -> Redelivery:
    return Redelivery(status, {"code": code, "title": title, "detail": detail, "errors": []})


def _invalid(error: ValidationError) -> Redelivery:
    faults = [{"path": fault.path, "message": fault.message} for fault in field_errors(error)]
    detail = f"{faults[0]['path']} {faults[0]['message']}"
    return Redelivery(
        422, {"code": "invalid_input", "title": "The input is invalid", "detail": detail, "errors": faults}
    )
