"""Make the executor's jobs: one for each (event, subscriber); its id is the delivery's or the run's."""

from __future__ import annotations

from uuid import UUID

from contracts.wire.envelope import Envelope
from contracts.wire.jobs import DELIVER, RUN, DeliverJob, RunJob
from trigger_dispatcher.events.event import Event
from trigger_dispatcher.events.matching import Subscriber


def job(
    event: Event, subscriber: Subscriber, *, job_id: UUID, test: bool = False, after: UUID | None = None
) -> Envelope:
    """Make the job that delivers `event` to a hook, or runs an automation on it.

    `test` marks a delivery that was requested by hand; `after` is the job that an ordered hook gets before it about the
    same client.
    """
    data: DeliverJob | RunJob
    body = event.body.decode()
    if subscriber.kind == "hook":
        name = DELIVER
        data = DeliverJob(
            hook_id=subscriber.id, event_id=event.id, trigger=event.trigger, body=body, client_id=event.client_id,
            ordered=subscriber.ordered, after=after, test=test, hook_version=subscriber.version,
        )  # fmt: skip
    else:
        name = RUN
        data = RunJob(
            automation_id=subscriber.id, version=subscriber.version, event_id=event.id, trigger=event.trigger, body=body
        )
    return Envelope(
        id=job_id,
        name=name,
        account_id=event.account_id,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        traceparent=event.traceparent,
        depth=event.depth,
        data=data.model_dump(mode="json"),
    )
