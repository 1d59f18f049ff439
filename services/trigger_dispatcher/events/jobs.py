"""Make the executor's jobs: one for each (event, subscriber), its id the delivery's or the run's."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from contracts.wire.envelope import Envelope
from trigger_dispatcher.events.event import Event
from trigger_dispatcher.events.matching import Subscriber

DELIVER: Final = "deliver"
RUN: Final = "run"


def job(
    event: Event, subscriber: Subscriber, *, job_id: UUID, test: bool = False, after: UUID | None = None
) -> Envelope:
    """The job that tells `subscriber` of `event`.

    data of `deliver`: hook_id, event_id, trigger, body (the public body's very text), client_id, ordered ("client" or
    null); `test` when it was asked for by hand; `after`, the job that an ordered hook gets before it about this client.
    data of `run`: automation_id, version, event_id, trigger, body.
    """
    if subscriber.kind == "hook":
        name, own = DELIVER, _delivery(event, subscriber, test=test, after=after)
    else:
        name, own = RUN, {"automation_id": str(subscriber.id), "version": subscriber.version}
    return Envelope(
        id=job_id,
        name=name,
        account_id=event.account_id,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        traceparent=event.traceparent,
        depth=event.depth,
        data={**own, "event_id": str(event.id), "trigger": event.trigger, "body": event.body.decode()},
    )


def _delivery(event: Event, subscriber: Subscriber, *, test: bool, after: UUID | None) -> dict[str, Any]:
    return {
        "hook_id": str(subscriber.id),
        "client_id": str(event.client_id) if event.client_id else None,
        "ordered": subscriber.ordered,
        **({"test": True} if test else {}),
        **({"after": str(after)} if after else {}),
    }
