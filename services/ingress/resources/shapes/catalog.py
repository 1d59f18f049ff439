"""The shapes of triggers, actions and events."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from pydantic import RootModel

from contracts.connections import ConnectionKind
from ingress.resources.shapes.base import Answer


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
    connection: ConnectionKind | None
    input_schema: dict[str, Any]
    output: list[OutputField]
    sample: dict[str, Any]
