"""Models of the catalog's entries: triggers, actions, their filters and fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel

from contracts.resources.connection import ConnectionKind
from contracts.resources.output import ResponseModel

Guarantee = Literal["exactly_once", "at_least_once"]
Group = Literal["ours", "outwards", "flow"]
FieldType = Literal["string", "integer", "number", "boolean", "object", "array", "null"]

_DECIMAL: Final = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
_TYPES: dict[type, FieldType] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A text in the three languages of the catalog."""

    en: str
    fr: str
    es: str

    def public(self) -> dict[str, str]:
        """`{"en": ..., "fr": ..., "es": ...}`."""
        return {"en": self.en, "fr": self.fr, "es": self.es}


@dataclass(frozen=True, slots=True)
class Filter:
    """A field worth filtering by: its dotted path in the event's `data`, and its values where they are a closed set."""

    field: str
    title: LocalizedText
    values: tuple[str, ...] = ()

    def public(self) -> dict[str, Any]:
        """As `/v1/triggers` shows it."""
        return {"field": self.field, "title": self.title.public(), "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an output: its dotted path (`lines[].quantity`) and JSON type."""

    path: str
    type: FieldType


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The value at a path; in a list, of every element."""
    if isinstance(value, list):
        for element in value:
            yield from _at(element, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


@dataclass(frozen=True, slots=True)
class Trigger:
    """A kind of event that hooks and automations can subscribe to.

    `sample` is complete and has the fields that `GET` of the resource returns. `available`: this release fires it; only
    those are offered.
    """

    key: str
    title: LocalizedText
    description: LocalizedText
    sample: dict[str, Any]
    filters: tuple[Filter, ...] = ()
    guarantee: Guarantee = "at_least_once"
    free_form: bool = False  # its data holds what an external sender sent: any field may occur
    available: bool = True

    def sample_event(self) -> dict[str, Any]:
        """The sample in the hook's own shape: `{"id", "type", "timestamp", "data"}`."""
        return {"id": SAMPLE_EVENT_ID, "type": self.key, "timestamp": SAMPLE_TIME, "data": self.sample}

    def has_field(self, path: str) -> bool:
        """Whether a filter by this dotted path can match one of its events, judged by the path's first name."""
        return self.free_form or path.partition(".")[0] in self.sample

    def has_decimal(self, path: str) -> bool:
        """Whether this dotted path leads to decimal text, such as an amount, in one of its events."""
        return any(isinstance(found, str) and _DECIMAL.fullmatch(found) for found in _at(self.sample, path.split(".")))

    def public(self) -> dict[str, Any]:
        """As `/v1/triggers` shows it."""
        return {
            "key": self.key,
            "title": self.title.public(),
            "description": self.description.public(),
            "guarantee": self.guarantee,
            "filters": [one.public() for one in self.filters],
            "fields": [{"path": field.path, "type": field.type} for field in fields_of(self.sample)],
            "sample": self.sample_event(),
        }


@dataclass(frozen=True, slots=True)
class Action:
    """An operation for automations: its input is a model (a step's strings may be templates), its output a sample.

    `available`: this release can run it; only those are offered. `connections` are the kinds of
    connection that it takes: in place of a URL where its input has one, else one is required. `command` is the ledger's
    command that the input is the data of; what it creates lives under `path`. `response_model`: the executor runs it by
    itself, too, and this is its output; `untemplated_input` is what it then takes, where that differs.
    `only_decides`: it changes nothing and calls no one outside.
    """

    key: str
    group: Group
    title: LocalizedText
    description: LocalizedText
    input: type[BaseModel]
    output: dict[str, Any]
    guarantee: Guarantee
    available: bool = False
    connections: tuple[ConnectionKind, ...] = ()
    free_form: tuple[str, ...] = ()  # names in its output under which any field may be there
    command: str | None = None
    path: str | None = None
    response_model: type[ResponseModel] | None = None
    untemplated_input: type[BaseModel] | None = None
    only_decides: bool = False

    @property
    def input_by_itself(self) -> type[BaseModel]:
        """What it takes when it is called by itself: nothing in it is a template."""
        return self.untemplated_input or self.input

    @property
    def connection(self) -> ConnectionKind | None:
        """The kind of connection that it takes first; None where it takes none."""
        return self.connections[0] if self.connections else None

    @property
    def needs_connection(self) -> bool:
        """Whether it works with a connection alone, because nothing in its input can stand for one."""
        return bool(self.connections) and "url" not in self.fields

    @property
    def type_name(self) -> str:
        """Its key as the beginning of a type's name: `SendEmail`."""
        return "".join(part.capitalize() for part in self.key.split("_"))

    @property
    def is_search(self) -> bool:
        """Whether it only looks something up: its output says `found`, and not `created` (contract.md, Action keys)."""
        return "found" in self.output and "created" not in self.output

    @property
    def fields(self) -> frozenset[str]:
        """The names its input may have."""
        return frozenset(field.alias or name for name, field in self.input.model_fields.items())

    @property
    def required(self) -> frozenset[str]:
        """The names its input must have."""
        return frozenset(name for name, field in self.input.model_fields.items() if field.is_required())

    def public(self) -> dict[str, Any]:
        """As `/v1/actions` shows it; `input_schema` is JSON Schema."""
        return {
            "key": self.key,
            "group": self.group,
            "title": self.title.public(),
            "description": self.description.public(),
            "guarantee": self.guarantee,
            "connection": self.connection,
            "connections": list(self.connections),
            "input_schema": self.input.model_json_schema(),
            "output": [{"path": field.path, "type": field.type} for field in fields_of(self.output)],
            "sample": self.output,
        }


SAMPLE_EVENT_ID = "0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e"
SAMPLE_TIME = "2026-03-02T09:30:00+00:00"
SCHEDULE_SAMPLE: Final[dict[str, Any]] = {
    "id": SAMPLE_EVENT_ID,
    "type": "schedule",
    "timestamp": "2026-03-02T06:00:00+00:00",
    "data": {
        "automation_id": "0198f7c4-0e00-7b20-9e61-7b8c9d0e1f2a",
        "scheduled_at": "2026-03-02T08:00:00+02:00",
        "cron": "0 8 * * 1",
        "time_zone": "Europe/Riga",
        "caught_up": False,
    },
}
"""What an automation with a schedule gets: its clock's time, and whether earlier ticks were missed."""


def fields_of(sample: dict[str, Any], prefix: str = "") -> list[Field]:
    """Every field of a sample, outer ones first; what lists hold is shown by their first element."""
    found: list[Field] = []
    for name, value in sample.items():
        path = f"{prefix}{name}"
        found.append(Field(path, _TYPES[type(value)]))
        if isinstance(value, dict):
            found.extend(fields_of(value, f"{path}."))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found.extend(fields_of(value[0], f"{path}[]."))
    return found
