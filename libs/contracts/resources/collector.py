"""Collectors: the steps that receivables go through. Input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

from contracts.primitives.durations import DURATION_JSON, read_duration
from contracts.primitives.money import MoneyText
from contracts.primitives.problem import HIDDEN
from contracts.resources.json_rules import all_of, exactly_one_of, given, names_by_pattern, only, where
from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import NOT_BLANK, Email, Locale, Model, ShortText

CollectorKind = Literal["client", "invoice"]
StepChannel = Literal["email", "sms", "call", "move"]
StepAnchor = Literal["before_due", "after_due", "after_previous"]

STEPS_MAX: Final = 50  # a reminder a week for a year
COLLECTORS_MAX: Final = 100  # of an account: one for each kind of client; all are read together
LANGUAGES_MAX: Final = 40  # more than the European Union has
CC_MAX: Final = 10  # an accountant, a sales person and a manager
NOTIFIED_MAX: Final = 10  # people of the account who take over
TEMPLATE_CHARACTERS_MAX: Final = 10_000  # two printed pages, as a message's body


def _duration(text: str) -> str:
    read_duration(text)
    return text


DurationText = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_duration),
    Field(json_schema_extra=DURATION_JSON),
]
"""An ISO 8601 duration such as `P3D` or `PT1S`."""

TemplateText = Annotated[str, StringConstraints(min_length=1, max_length=TEMPLATE_CHARACTERS_MAX)]
SubjectText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Field(json_schema_extra=NOT_BLANK)
]


class OpenCollectors(Model):
    """Give the account its first collectors, if it has none."""


class StepTemplate(Model):
    """What a message says, in Liquid over `client`, `account`, `invoices`, `invoice`, `amount`, `overdue`, `step`.

    An SMS has no subject. No output may be empty: `{{ client.first_name | default: client.name }}`.
    """

    subject: SubjectText | None = None
    body: TemplateText


OWN: Final = f"{HIDDEN}own"
LANGUAGES: Final = f"{HIDDEN}languages"


def form_of_template(given: Any) -> str:
    """The tag of what a template is, so that a fault is that of its own form: one, or one for each language."""
    if isinstance(given, Mapping) and not given.keys() & StepTemplate.model_fields.keys():
        return LANGUAGES
    return OWN


OwnTemplate = Annotated[StepTemplate, Tag(OWN)]
TemplatesByLanguage = Annotated[
    dict[Locale, StepTemplate],
    Field(min_length=1, max_length=LANGUAGES_MAX, json_schema_extra=names_by_pattern),
    Tag(LANGUAGES),
]
AnyTemplate = Annotated[OwnTemplate | TemplatesByLanguage, Discriminator(form_of_template)]


class MoveNotice(Model):
    """Who is notified by mail when invoices are moved, and what `invoices.moved` says; Liquid as in a step's template.

    Without `to` no mail leaves.
    """

    to: list[Email] = Field(default_factory=list, max_length=NOTIFIED_MAX)
    subject: SubjectText
    body: TemplateText


_EACH_WITH_SUBJECT: Final[dict[str, Any]] = {
    "anyOf": [
        given("subject"),
        {
            "not": {"anyOf": [{"required": ["subject"]}, {"required": ["body"]}]},
            "additionalProperties": given("subject"),
        },
    ]
}


class CollectorStepIn(Model):
    """One step. A `move` needs `target_collector_id`, an `email` or `sms` a template: one, or one for each language.

    An email takes along the invoices as PDF with `attach_pdf`, and a statement of account with `attach_statement`.
    A step that is not `automatic` waits for a person. `starts_manually` lets the target's first step wait as well.
    """

    model_config = ConfigDict(
        json_schema_extra=all_of(
            where(
                "channel",
                ["move"],
                given("target_collector_id"),
                only(target_collector_id=[None], notify=[None], starts_manually=[False]),
            ),
            where("channel", ["email", "sms"], given("template")),
            where(
                "channel", ["email"], {"properties": {"template": _EACH_WITH_SUBJECT}}, only(attach_statement=[False])
            ),
        )
    )

    channel: StepChannel
    anchor: StepAnchor = "after_due"
    delay: DurationText = "P0D"
    automatic: bool = True
    template: AnyTemplate | None = None
    min_amount: MoneyText | None = None
    attach_pdf: bool = False
    attach_statement: bool = False
    cc: list[Email] = Field(default_factory=list, max_length=CC_MAX)
    target_collector_id: UUID | None = None
    starts_manually: bool = False
    notify: MoveNotice | None = None

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Self:
        if self.channel == "move":
            if self.target_collector_id is None:
                raise ValueError("needs target_collector_id: where its invoices go")
        elif self.target_collector_id is not None or self.notify is not None or self.starts_manually:
            raise ValueError("target_collector_id, starts_manually and notify are for a step with channel move")
        if self.channel in {"email", "sms"} and self.template is None:
            raise ValueError("needs a template: what the message says")
        if self.channel == "email" and any(one.subject is None for one in templates_of(self.template)):
            raise ValueError("needs a subject in each template of an email")
        if self.channel != "email" and self.attach_statement:
            raise ValueError("attach_statement is for a step with channel email")
        return self


def templates_of(template: StepTemplate | Mapping[str, StepTemplate] | None) -> list[StepTemplate]:
    """All languages of a template."""
    if template is None:
        return []
    return list(template.values()) if isinstance(template, Mapping) else [template]


class CollectorIn(Model):
    """A collector. With `default` it is used by every client that has none of its own; one always is the default."""

    name: ShortText
    kind: CollectorKind = "client"
    default: bool = False
    steps: list[CollectorStepIn] = Field(min_length=1, max_length=STEPS_MAX)


class CollectorChange(CollectorIn):
    """A new version. Cases under way keep theirs unless `apply_to_active`."""

    default: bool | None = Field(default=None, description="absent: as it is")  # type: ignore[assignment]  # wider
    apply_to_active: bool = False


class CollectorUpdate(CollectorChange):
    """Which collector gets a new version."""

    id: UUID


class CollectorRemoval(Model):
    """What becomes of what uses it: 409 while it is in use, unless that is moved to another collector."""

    move_to: UUID | None = None


class RemoveCollector(CollectorRemoval):
    """Which collector is removed."""

    id: UUID


class CollectorPreviewIn(Model):
    """For whom a step's message is shown: a client with all its open invoices, or one invoice. Steps count from 0."""

    model_config = ConfigDict(json_schema_extra=exactly_one_of("client_id", "sale_id"))

    client_id: UUID | None = None
    sale_id: UUID | None = None
    step: int = Field(default=0, ge=0, lt=STEPS_MAX)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.client_id is None) == (self.sale_id is None):
            raise ValueError("needs either client_id or sale_id, and not both")
        return self


class StepPreviewIn(Model):
    """A step that no collector has yet, and for whom its message is shown, in `language` where it has that.

    `number` is the step's place, counted from 1: what `{{ step }}` says.
    """

    model_config = ConfigDict(
        json_schema_extra=all_of(exactly_one_of("client_id", "sale_id"), {"properties": {"step": given("template")}})
    )

    step: CollectorStepIn
    number: int = Field(default=1, ge=1, le=STEPS_MAX)
    client_id: UUID | None = None
    sale_id: UUID | None = None
    language: Locale | None = None

    @field_validator("step")
    @classmethod
    def _says_something(cls, step: CollectorStepIn) -> CollectorStepIn:
        if step.template is None:
            raise ValueError(f"says nothing: its channel is {step.channel}")
        return step

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.client_id is None) == (self.sale_id is None):
            raise ValueError("needs either client_id or sale_id, and not both")
        return self


class CollectorPreview(ResponseModel):
    """The message that a step would send."""

    subject: str | None
    body: str
    to: str | None
    language: str


class Template(ResponseModel):
    """What a message says."""

    subject: str | None
    body: str


class Notice(ResponseModel):
    """Who is notified of a move."""

    to: list[str]
    subject: str
    body: str


class CollectorStep(ResponseModel):
    """One step of a collector."""

    channel: StepChannel
    anchor: StepAnchor
    delay: str
    automatic: bool
    template: Template | dict[str, Template] | None
    min_amount: str | None
    attach_pdf: bool
    attach_statement: bool
    cc: list[str]
    target_collector_id: UUID | None
    starts_manually: bool
    notify: Notice | None


class Collector(ResponseModel):
    """The steps that an account's receivables go through."""

    id: UUID
    name: str
    kind: CollectorKind
    default: bool
    version: int
    steps: list[CollectorStep]
    created_at: dt.datetime
    updated_at: dt.datetime


class CollectorVersion(ResponseModel):
    """A collector's steps as they were from `created_at` until its next version."""

    version: int
    steps: list[CollectorStep]
    created_at: dt.datetime


class RemovedCollector(ResponseModel):
    """It is gone; what used it uses `moved_to`."""

    id: UUID
    deleted: bool
    moved_to: UUID | None


def from_row(row: Row) -> JSONObject:
    """A collector, from `ledger_api.collector`."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "kind": row["kind"],
        "default": row["is_default"],
        "version": row["version"],
        "steps": row["steps"],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


def version_from_row(row: Row) -> JSONObject:
    """A version of a collector, from `ledger_api.collector_version`."""
    return {"version": row["version"], "steps": row["steps"], "created_at": row["created_at"].isoformat()}
