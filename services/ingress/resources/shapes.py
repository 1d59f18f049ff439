"""The shapes of answers, for OpenAPI: what `contracts.present` and its neighbours make, field by field.

Nothing is checked against these when answering: tests hold every answer to its shape instead.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, RootModel

from contracts.objects import AutomationStep, AutomationTrigger
from ingress.resources.shapes_base import Answer
from ingress.resources.shapes_books import (
    Allocation,
    Balance,
    Client,
    LineTax,
    Payment,
    PaymentStatus,
    Refund,
    Sale,
    SaleAdjustment,
    SaleLine,
    SaleStatus,
    SaleTax,
    Settlement,
)

# The books' own shapes stand beside these under one name.
__all__ = [
    "Allocation",
    "Balance",
    "Client",
    "LineTax",
    "Payment",
    "PaymentStatus",
    "Refund",
    "Sale",
    "SaleAdjustment",
    "SaleLine",
    "SaleStatus",
    "SaleTax",
    "Settlement",
]

Box = Literal["purchases", "sales"]
InboxState = Literal["received", "accepted", "rejected", "duplicate"]
DeliveryState = Literal["pending", "in_flight", "succeeded", "failed", "cancelled"]
RunState = Literal["running", "waiting", "succeeded", "filtered", "failed", "cancelled"]
StepState = Literal["pending", "running", "succeeded", "skipped", "failed"]


T = TypeVar("T", bound=BaseModel)


class Listed(Answer, Generic[T]):
    """One page, newest first; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


class Accepted(Answer):
    """Accepted and committed; what became of it is at `location`."""

    id: UUID
    state: Literal["pending"]
    location: str


class Problem(Answer):
    """RFC 9457 problem details; `errors` names every fault of a bad input."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemFault] | None = None


class ProblemFault(Answer):
    """One fault: where, and what to do about it."""

    path: str
    message: str


class InboxMessage(Answer):
    """A document that somebody pushed, as it was read; its bytes are at `/raw`."""

    id: UUID
    box: Box
    state: InboxState
    channel_id: str | None
    received_at: dt.datetime
    warnings: list[Any]
    duplicate_of: UUID | None
    document: dict[str, Any]
    links: dict[str, Any]
    comment: str | None


class Hook(Answer):
    """A subscription of a URL to triggers; `secret` is there only when it was just made or rotated.

    `reason` says why it is not active, when that was not its owner's wish.
    """

    id: UUID
    state: Literal["active", "disabled", "removed"]
    target_url: str
    triggers: list[str]
    filters: dict[str, list[str]]
    ordered: Literal["client"] | None
    name: str | None
    reason: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    secret: str | None = None


class HookTested(Answer):
    """The delivery that a test made; look it up at `/v1/deliveries/{id}`."""

    delivery_id: UUID


class Recovered(Answer):
    """How many events are sent, or would be."""

    count: int


class Delivery(Answer):
    """One event on its way to one hook; `status_code` and `error` are those of the last attempt."""

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


class Attempt(Answer):
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


class Texts(Answer):
    """A text in the three languages of the console."""

    en: str
    fr: str
    es: str


class TriggerFilter(Answer):
    """A field worth filtering by: its dotted path in `data`, and its values where they are a closed set."""

    field: str
    title: Texts
    values: list[str]


class OutputField(Answer):
    """One field of what a trigger or action gives."""

    path: str
    type: Literal["string", "integer", "number", "boolean", "object", "array", "null"]


class Event(Answer):
    """One thing that happened, the same object in a hook's body, a sample and a poll."""

    id: UUID
    type: str
    timestamp: dt.datetime
    data: dict[str, Any]


class Events(RootModel[list[Event]]):
    """Events, newest first."""


class Trigger(Answer):
    """A kind of event others can react to."""

    key: str
    title: Texts
    description: Texts
    guarantee: Literal["exactly_once", "at_least_once"]
    filters: list[TriggerFilter]
    fields: list[OutputField]
    sample: Event


class Action(Answer):
    """Something the system can do; `input_schema` is JSON Schema."""

    key: str
    group: Literal["ours", "outwards", "flow"]
    title: Texts
    description: Texts
    guarantee: Literal["exactly_once", "at_least_once"]
    connection: bool
    input_schema: dict[str, Any]
    output: list[OutputField]
    sample: dict[str, Any]


class Automation(Answer):
    """A trigger and its steps."""

    id: UUID
    name: str
    enabled: bool
    version: int
    trigger: AutomationTrigger
    steps: list[AutomationStep]
    created_at: dt.datetime
    updated_at: dt.datetime


class Run(Answer):
    """One execution of an automation; `due_at` is when a waiting one goes on."""

    id: UUID
    automation_id: UUID
    version: int
    event_id: UUID
    trigger_key: str
    state: RunState
    step_no: int
    due_at: dt.datetime | None
    error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


class Step(Answer):
    """One step of a run: what it was given and what it gave."""

    number: int
    action: str
    state: StepState
    guarantee: Literal["exactly_once", "at_least_once"]
    input: dict[str, Any] | None
    output: Any
    attempts: int
    error: str | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None


class RunWithSteps(Run):
    """A run with its steps, in order, and the event that set it off."""

    trigger: Event
    steps: list[Step]


class Hop(Answer):
    """One thing that happened on the way, in one service; `after_ms` since the journey's first hop."""

    at: dt.datetime
    after_ms: float = Field(ge=0)
    service: str
    step: str
    subject_id: UUID | None
    message_id: UUID | None
    cause_id: UUID | None
    correlation_id: UUID
    detail: dict[str, Any]


class Journey(Answer):
    """Everything that the requests concerning one thing caused, in order; `truncated` when there was more."""

    id: UUID
    correlation_ids: list[UUID]
    truncated: bool
    hops: list[Hop]
