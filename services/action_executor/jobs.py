"""What the dispatcher's jobs carry in `Envelope.data`: one delivery to a hook, one run of an automation."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

DELIVER: Final = "deliver"
RUN: Final = "run"


class DeliverJob(BaseModel):
    """Deliver an event to a hook; the envelope's id is the delivery's. `body` is the exact text to send.

    `after` is the delivery that an ordered hook gets before this one about the same client.
    """

    model_config = ConfigDict(frozen=True)

    hook_id: UUID
    event_id: UUID
    trigger: str
    body: str
    client_id: UUID | None = None
    ordered: Literal["client"] | None = None
    after: UUID | None = None


class RunJob(BaseModel):
    """Run an automation's version on an event; the envelope's id is the run's. `body` is the event as hooks see it."""

    model_config = ConfigDict(frozen=True)

    automation_id: UUID
    version: int
    event_id: UUID
    trigger: str
    body: str
