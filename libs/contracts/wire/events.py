"""What an event carries from the ledger to the dispatcher, and the public body that every subscriber gets.

The envelope of an event: `id` is the event id, `name` the trigger key, `at` when it happened, and `data` is
`{"subject_id": the resource's id, "client_id": its client or null, "object": what GET of the resource returns}`. A
ledger event about a client also has `"after"`, the id of the client's previous event: the ids rise in the ledger's
order, and `after` lets a receiver detect a missing one.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import orjson

from contracts.primitives.ids import new_id_after
from contracts.wire.envelope import Envelope

WEBHOOK_RECEIVED: Final = "webhook.received"
"""Fired by ingress: something was posted to a channel of kind hook."""

HOOK_DISABLED: Final = "hook.disabled"
"""Fired by the dispatcher: a hook was switched off because of its receiver's responses or failures."""

RUN_FAILED: Final = "run.failed"
"""Fired by the executor: a run of an automation failed."""


def event(
    cause: Envelope,
    trigger: str,
    *,
    subject_id: UUID,
    client_id: UUID | None,
    data: dict[str, Any],
    after: UUID | None = None,
) -> Envelope:
    """Make the event `trigger` caused by handling `cause`; its id is higher than that of `after`."""
    payload = {"subject_id": str(subject_id), "client_id": str(client_id) if client_id else None, "object": data}
    if after is None:
        return cause.follow(trigger, payload)
    return cause.follow(trigger, {**payload, "after": str(after)}, identifier=new_id_after(after))


def public_body(*, event_id: UUID, trigger: str, timestamp: str, data: dict[str, Any]) -> bytes:
    """The body of a hook, a sample and a polled event: the same bytes each time (contract.md, Trigger keys)."""
    return orjson.dumps({"id": str(event_id), "type": trigger, "timestamp": timestamp, "data": data})
