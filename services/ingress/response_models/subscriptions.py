"""The shapes of hooks and automations."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from contracts.resources.automation import AutomationStep, AutomationTrigger
from contracts.resources.inbox import Actor
from contracts.resources.output import ResponseModel


class Hook(ResponseModel):
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
    created_by: Actor | None
    created_at: dt.datetime
    updated_at: dt.datetime
    secret: str | None = None


class HookTested(ResponseModel):
    """The delivery that a test made; look it up at `/v1/deliveries/{id}`."""

    delivery_id: UUID


class RecoveryCount(ResponseModel):
    """How many events are sent, or would be."""

    count: int


class Automation(ResponseModel):
    """A trigger and its steps."""

    id: UUID
    name: str
    enabled: bool
    version: int
    trigger: AutomationTrigger
    steps: list[AutomationStep]
    created_by: Actor | None
    created_at: dt.datetime
    updated_at: dt.datetime
