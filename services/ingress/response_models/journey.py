"""Response models of a journey and its entries."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.resources.output import ResponseModel


class JourneyEntry(ResponseModel):
    """One processing step in one service; `after_ms` is the time since the journey's first entry."""

    at: dt.datetime
    after_ms: float = Field(ge=0)
    service: str
    step: str
    subject_id: UUID | None
    message_id: UUID | None
    cause_id: UUID | None
    correlation_id: UUID
    detail: dict[str, Any]


class Journey(ResponseModel):
    """Everything that the requests concerning one resource caused, in order; `truncated` when there is more."""

    id: UUID
    correlation_ids: list[UUID]
    truncated: bool
    entries: list[JourneyEntry]
