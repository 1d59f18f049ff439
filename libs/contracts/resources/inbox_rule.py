"""Inbox rules: which messages are accepted on arrival. Input, output, and how a row becomes it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator, model_validator

from contracts.primitives.money import MoneyText, from_minor
from contracts.resources.inbox import InboxKind
from contracts.resources.json_rules import at_least_one_of, only, where
from contracts.resources.output import ResponseModel, Row
from contracts.resources.schemas import Model, Reference, ShortText, known_currency

RULES_MAX: Final = 200
"""How many rules an account may have."""


class RuleMatch(Model):
    """Which senders' messages a rule matches: all given fields must match, names without regard to capitals and spaces.

    A name, number or address is the sender's own claim; only the sender knows a channel's URL.
    """

    model_config = ConfigDict(
        json_schema_extra=at_least_one_of("channel_id", "name", "reg_number", "tax_number", "email")
    )

    channel_id: Reference | None = None
    name: ShortText | None = None
    reg_number: Reference | None = None
    tax_number: Reference | None = None
    email: ShortText | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(value is not None for value in self.model_dump().values()):
            raise ValueError("needs a channel_id, name, reg_number, tax_number or email")
        return self


class RuleConditions(Model):
    """Further conditions on a message: its total is at most `max_amount` of `currency`, and it has no warnings."""

    max_amount: MoneyText | None = None
    currency: str | None = None
    no_warnings: bool = True

    _check = field_validator("currency")(known_currency)


class InboxRuleIn(Model):
    """Accept a sender's messages as they come.

    In the sales inbox `issue` issues the document at once. `auto_processing` does what PayTraq Connect's flags of the
    message ask for and no more: accept it (Process), issue it (Approve), send it, record its payment. Without such a
    rule the flags do nothing.
    """

    model_config = ConfigDict(
        json_schema_extra=where("box", ["purchases"], only(issue=[False], auto_processing=[False]))
    )

    box: InboxKind
    match: RuleMatch
    action: Literal["accept"] = "accept"
    conditions: RuleConditions = Field(default_factory=RuleConditions)
    issue: bool = False
    auto_processing: bool = False
    name: ShortText | None = None

    @model_validator(mode="after")
    def _drafts_are_sales(self) -> Self:
        if self.box == "purchases" and (self.issue or self.auto_processing):
            raise ValueError("issue and auto_processing can be used only with box sales")
        return self


class RuleById(Model):
    """A rule by its id."""

    id: UUID


class InboxRule(ResponseModel):
    """Whose messages are accepted as they come."""

    id: UUID
    box: InboxKind
    match: RuleMatch
    action: Literal["accept"]
    conditions: RuleConditions
    issue: bool
    auto_processing: bool
    name: str | None
    created_at: dt.datetime


class RuleRemoved(ResponseModel):
    """It is gone."""

    id: UUID
    deleted: bool


def from_row(row: Row) -> dict[str, Any]:
    """A rule that accepts messages, from `ledger_api.inbox_rule`, in the form in which it was sent."""
    currency = row["currency"]
    amount = row["max_amount_minor"]
    return {
        "id": str(row["id"]),
        "box": row["box"],
        "match": row["match"],
        "action": "accept",
        "conditions": {
            "max_amount": None if amount is None else from_minor(amount, currency),
            "currency": currency,
            "no_warnings": row["no_warnings"],
        },
        "issue": row["issue"],
        "auto_processing": row["auto_processing"],
        "name": row["name"],
        "created_at": row["created_at"].isoformat(),
    }
