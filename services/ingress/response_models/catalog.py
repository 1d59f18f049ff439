"""The shapes of triggers, actions and events."""

from __future__ import annotations

from typing import Any, Literal

from contracts.resources.connection import ConnectionKind
from contracts.resources.event import Event
from contracts.resources.output import ResponseModel


class LocalizedTexts(ResponseModel):
    """A text in the three languages of the console."""

    en: str
    fr: str
    es: str


class TriggerFilter(ResponseModel):
    """A field worth filtering by: its dotted path in `data`, and its values where they are a closed set."""

    field: str
    title: LocalizedTexts
    values: list[str]


class OutputField(ResponseModel):
    """One field of a trigger's or action's output."""

    path: str
    type: Literal["string", "integer", "number", "boolean", "object", "array", "null"]


class Change(ResponseModel):
    """An event that would be fired, with the object's state then."""

    type: str
    data: dict[str, Any]


class DryRun(ResponseModel):
    """What an action would return and change; nothing has changed."""

    dry_run: Literal[True]
    would: dict[str, Any]
    changes: list[Change]


class Trigger(ResponseModel):
    """A kind of event others can react to."""

    key: str
    title: LocalizedTexts
    description: LocalizedTexts
    guarantee: Literal["exactly_once", "at_least_once"]
    filters: list[TriggerFilter]
    fields: list[OutputField]
    sample: Event


class Action(ResponseModel):
    """An operation for automations; `input_schema` is JSON Schema, `connections` the kinds of connection it takes."""

    key: str
    group: Literal["ours", "outwards", "flow"]
    title: LocalizedTexts
    description: LocalizedTexts
    guarantee: Literal["exactly_once", "at_least_once"]
    connection: ConnectionKind | None
    connections: list[ConnectionKind]
    input_schema: dict[str, Any]
    output: list[OutputField]
    sample: dict[str, Any]
