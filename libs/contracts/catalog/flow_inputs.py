"""Input models of the actions that steer a run: conditions, branches, items, waits and approvals.

Field descriptions are what the console and the connectors show beside a field.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from contracts.catalog.inputs import Json
from contracts.primitives.durations import read_elapsed
from contracts.resources.automation import STEPS_MAX, AutomationStep
from contracts.resources.json_rules import exactly_one_of, given
from contracts.resources.schemas import Email, LongText, Model, ShortText
from contracts.values import Form

CONDITIONS_MAX = 20
BRANCHES_MAX = 20  # each has a step at least, and an automation has 20
ITEMS_MAX = 100  # contract.md
APPROVAL_DAYS_MAX = 30  # as long as a run is kept


def _lasts(duration: str) -> str:
    if duration[-1] in "PT":
        raise ValueError("must say how long, such as PT2H or P3D")
    return duration


# Weeks to seconds: years and months have no fixed length.
Duration = Annotated[
    str,
    Form(
        r"P([0-9]{1,4}W)?([0-9]{1,5}D)?(T([0-9]{1,6}H)?([0-9]{1,8}M)?([0-9]{1,9}(\.[0-9]{1,6})?S)?)?",
        "must be an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as PT2H or P3D",
    ),
    AfterValidator(_lasts),
]


def _expires(text: str) -> str:
    if not dt.timedelta(0) < read_elapsed(text) <= dt.timedelta(days=APPROVAL_DAYS_MAX):
        raise ValueError(f"must be more than nothing and at most {APPROVAL_DAYS_MAX} days")
    return text


TimeOfDay = Annotated[str, Form("([01][0-9]|2[0-3]):[0-5][0-9]", "must be a time of day such as 09:00")]
Operator = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "contains", "not_contains", "starts_with", "ends_with", "in", "exists"
]  # fmt: skip


def _group(name: str) -> dict[str, Any]:
    return given(name) | {"not": {"anyOf": [{"required": ["op"]}, {"required": ["value"]}]}}


class Condition(Model):
    """One condition (`where`, `op`, `value`), or a group of conditions: `all`, `any` or `not`.

    Two numbers are compared as numbers; a text with leading zeros is none.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["where"]}, *map(_group, ("all", "any", "not"))]}
    )

    where: Json = Field(default=None, description="the value to look at, usually a template")
    op: Operator = "eq"
    value: Json = None
    all: list[Condition] | None = Field(default=None, min_length=1, max_length=CONDITIONS_MAX)
    any: list[Condition] | None = Field(default=None, min_length=1, max_length=CONDITIONS_MAX)
    not_: Condition | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        return _in_one_form(self)


ConditionT = TypeVar("ConditionT", bound=Condition)


def _in_one_form(condition: ConditionT) -> ConditionT:
    groups = [group for group in (condition.all, condition.any, condition.not_) if group is not None]
    if len(groups) + ("where" in condition.model_fields_set) != 1:
        raise ValueError("needs exactly one of where, all, any and not")
    if groups and condition.model_fields_set & {"op", "value"}:
        raise ValueError("op and value belong to where: leave them out of a group")
    return condition


class FilterStep(Condition):
    """Go on only when this holds."""


class ArmCondition(Condition):
    """When a branch is taken; one without a condition is always taken."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        return _in_one_form(self) if self.model_fields_set & Condition.model_fields.keys() else self


class BranchArm(ArmCondition):
    """One branch: its condition, or none, and its steps."""

    steps: list[AutomationStep] = Field(min_length=1, max_length=STEPS_MAX)


class BranchConditions(Model):
    """What a run keeps of a branch step: the conditions, filled in."""

    branches: list[ArmCondition] = Field(min_length=1, max_length=BRANCHES_MAX)


class Branch(Model):
    """Take the first branch whose condition holds; none is no error."""

    branches: list[BranchArm] = Field(min_length=1, max_length=BRANCHES_MAX)


class Items(Model):
    """What a run keeps of a for_each step: the items, filled in."""

    items: list[Json] = Field(max_length=ITEMS_MAX)


def _list_or_template(items: Json) -> Json:
    if isinstance(items, list):
        if len(items) > ITEMS_MAX:
            raise ValueError(f"must have at most {ITEMS_MAX} items")
    elif not isinstance(items, str) or "{{" not in items:
        raise ValueError("must be a list, or a template such as {{ trigger.data.lines }}")
    return items


class ForEach(Model):
    """Take the steps once for each item of a list; templates inside see `item` and `index`, from 0."""

    items: Annotated[Json, AfterValidator(_list_or_template)] = Field(
        description="a list of at most 100, usually a template such as {{ trigger.data.lines }}"
    )
    steps: list[AutomationStep] = Field(min_length=1, max_length=STEPS_MAX)


class ForEachOfList(Items):
    """Take the steps once for each item; templates inside see `item` and `index`, from 0."""

    steps: list[AutomationStep] = Field(min_length=1, max_length=STEPS_MAX - 1)  # and the step that they are inside of


class Approve(Model):
    """Wait for a person to approve or refuse, over the API or by a link in a mail."""

    message: LongText = Field(description="what is asked, for the mail and the page behind its link")
    to: list[Email] = Field(default_factory=list, max_length=10, description="who is mailed a link, each their own")
    subject: ShortText | None = Field(default=None, description="of the mail; else the message's first line")
    expires_in: Annotated[Duration, AfterValidator(_expires)] = Field(
        default="P7D", description="at most P30D; without a decision the step then fails"
    )


class Delay(Model):
    """Wait for a time, until one, or for the next business day."""

    model_config = ConfigDict(json_schema_extra=exactly_one_of("duration", "until", "business_day"))

    duration: Duration | None = Field(default=None, description="an ISO 8601 duration, such as PT2H or P3D")
    until: dt.datetime | None = None
    business_day: TimeOfDay | None = Field(
        default=None,
        description="the time of day, such as 09:00, on the next day from Monday to Friday in the account's time zone",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Delay:
        if sum(way is not None for way in (self.duration, self.until, self.business_day)) != 1:
            raise ValueError("needs exactly one of duration, until and business_day")
        return self
