"""Calls with clients: input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from contracts.primitives.money import PositiveMoneyText
from contracts.resources import client
from contracts.resources.case import Case
from contracts.resources.client import ClientReference
from contracts.resources.inbox import Actor
from contracts.resources.json_rules import at_least_one_of, only, where
from contracts.resources.note import Origin
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.promise import SALES_MAX
from contracts.resources.schemas import LongText, Model

CallOutcome = Literal["no_answer", "left_message", "spoke", "promised", "wrong_number", "disputed", "other"]


class PromiseOfCall(Model):
    """What was promised in a call: all that is open without `amount`."""

    date: dt.date
    amount: PositiveMoneyText | None = None


class CallIn(Model):
    """The outcome of a call with a client.

    An outcome `promised` records a promise as well, for `promise.date` or else `snooze_until`. An outcome `disputed`
    opens a dispute of each invoice of `sale_ids`, of all open ones when left out. With `snooze_until` the client is not
    to be called or reminded before that day. `advance` ends the call step that is due; else it stays.
    """

    model_config = ConfigDict(
        json_schema_extra=where(
            "outcome", ["promised"], at_least_one_of("promise", "snooze_until"), only(promise=[None])
        )
    )

    client_id: UUID
    outcome: CallOutcome
    note: LongText | None = Field(default=None, min_length=1)
    snooze_until: dt.date | None = None
    advance: bool = False
    sale_ids: list[UUID] = Field(default_factory=list, max_length=SALES_MAX)
    promise: PromiseOfCall | None = None
    origin: Origin = "own"

    @model_validator(mode="after")
    def _fits_its_outcome(self) -> Self:
        if self.outcome == "promised" and self.promise is None and self.snooze_until is None:
            raise ValueError("an outcome promised needs promise, an object with a date, or snooze_until")
        if self.promise is not None and self.outcome != "promised":
            raise ValueError("promise belongs to the outcome promised: leave it out, or change the outcome")
        return self


class RecordCall(CallIn):
    """The outcome of a call, and who made it."""

    author: Actor | None = None


class Call(ResponseModel):
    """A call with a client, as it was recorded; `promise_id` and `dispute_ids` are what it recorded as well.

    `advance` is true where it ended a call step that was due.
    """

    id: UUID
    client_id: UUID
    client: ClientReference
    outcome: CallOutcome
    note: str | None
    snooze_until: dt.date | None
    advance: bool
    sale_ids: list[UUID]
    promise_id: UUID | None
    dispute_ids: list[UUID]
    origin: Origin
    state: Literal["done"]
    created_at: dt.datetime


class DueCall(Case):
    """A case whose call step is due, with the number to call as the client has it."""

    phone: str | None


class CallPage(ResponseModel):
    """One page of calls, newest first; of the queue, the largest amounts or the longest due first."""

    items: list[Call | DueCall]
    next_cursor: str | None


def from_row(row: Row) -> JSONObject:
    """A call, from `ledger_api.call`."""
    return {
        "id": str(row["id"]),
        **client.reference(row),
        "outcome": row["outcome"],
        "note": row["note"],
        "snooze_until": text(row["snooze_until"]),
        "advance": row["advance"],
        "sale_ids": [str(sale_id) for sale_id in row["sale_ids"]],
        "promise_id": text(row["promise_id"]),
        "dispute_ids": [str(dispute_id) for dispute_id in row["dispute_ids"]],
        "origin": row["origin"],
        "state": "done",
        "created_at": time_text(row["created_at"]),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-cd00-7ee0-9b2e-3d5e6f7a8b9c",
    "client_id": client.SAMPLE["id"],
    "client": client.REFERENCE_SAMPLE,
    "outcome": "promised",
    "note": "Will pay at the end of the month.",
    "snooze_until": None,
    "advance": False,
    "sale_ids": [],
    "promise_id": "0198f7c4-bc00-7dd0-8a1d-2c4d5e6f7a8b",
    "dispute_ids": [],
    "origin": "own",
    "state": "done",
    "created_at": "2026-03-24T13:00:00+00:00",
}
