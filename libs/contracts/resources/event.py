"""Events: the same object in a hook, a sample and a poll."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import RootModel

from contracts.resources.output import ResponseModel


class Event(ResponseModel):
    """One thing that happened, the same object in a hook's body, a sample and a poll."""

    id: UUID
    type: str
    timestamp: dt.datetime
    data: dict[str, Any]


class Events(RootModel[list[Event]]):
    """Events, newest first."""
