"""Collection cases: what people do to them, output, and how a row becomes it. Moves of invoices as well."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from contracts.moments import DayOrMoment
from contracts.primitives.money import from_minor
from contracts.resources import client as clients
from contracts.resources.client import ClientReference
from contracts.resources.collector import StepChannel
from contracts.resources.json_rules import all_of, at_least_one_of, exactly_one_of
from contracts.resources.move_json_rules import OWN_OR_REPORTED
from contracts.resources.note import Origin
from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import LongText, Model, ShortText

CaseState = Literal[
    "scheduled", "pending", "paused", "muted", "promised", "disputed", "awaiting_reply", "idle", "settled"
]
MoveCause = Literal["person", "workflow"]
INVOICES_MAX: Final = 200  # the open invoices that are moved together, which may be of as many clients


class CaseById(Model):
    """Which case."""

    id: UUID


class PauseIn(Model):
    """Until when nothing is done, and why; without `until` until a person resumes it."""

    model_config = ConfigDict(json_schema_extra=at_least_one_of("until", "reason"))
    until: DayOrMoment | None = None
    reason: ShortText | None = None

    @model_validator(mode="after")
    def _has_an_end_or_a_reason(self) -> Self:
        if self.until is None and self.reason is None:
            raise ValueError("needs until or reason: a pause has an end or says why it has none")
        return self


class PauseCase(PauseIn):
    """Which case is paused."""

    id: UUID


class MuteIn(Model):
    """Why nothing is ever sent."""

    reason: ShortText


class MuteCase(MuteIn):
    """Which case is muted."""

    id: UUID


class SnoozeIn(Model):
    """Until when the next step waits."""

    until: DayOrMoment


class SnoozeCase(SnoozeIn):
    """Which case is snoozed."""

    id: UUID


class Notification(Model):
    """What a move says to the people who take over."""

    subject: str
    body: str


class MoveInvoices(Model):
    """Which invoices, of one client or several, or all open ones of a client, go to which collector, and why.

    With `origin: external` it reports a move that another collections system made: `invoices.moved` fires, and nothing
    is moved or sent here. Its collectors are named by `from_collector` and `to_collector`, or by a `collector_id`.
    """

    model_config = ConfigDict(json_schema_extra=all_of(exactly_one_of("invoice_ids", "client_id"), OWN_OR_REPORTED))
    collector_id: UUID | None = None
    invoice_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=INVOICES_MAX)
    client_id: UUID | None = None
    note: LongText | None = Field(default=None, min_length=1)
    origin: Origin = "own"
    from_collector: ShortText | None = None
    to_collector: ShortText | None = None
    cause: MoveCause = "person"
    notification: Notification | None = None
    occurred_at: dt.datetime | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.invoice_ids is None) == (self.client_id is None):
            raise ValueError("needs either invoice_ids or client_id, and not both")
        return self

    @model_validator(mode="after")
    def _own_or_reported(self) -> Self:
        if self.origin == "external":
            if (self.collector_id is None) == (self.to_collector is None):
                raise ValueError("a reported move needs either to_collector or collector_id, and not both")
            return self
        if self.collector_id is None:
            raise ValueError("needs collector_id: where its invoices go")
        reported = (self.from_collector, self.to_collector, self.notification, self.occurred_at)
        if self.cause != "person" or any(one is not None for one in reported):
            raise ValueError(
                "from_collector, to_collector, cause, notification and occurred_at are for reported moves:"
                " add origin external"
            )
        return self


class MoveByWorkflow(Model):
    """A case's move step that is taken: where its invoices go, and who is notified."""

    case_id: UUID
    cycle: int
    step: int
    target_id: UUID
    starts_manually: bool
    notify: list[str]
    notification: Notification | None


class MoveFromRemoved(Model):
    """Which client's invoices leave a removed collector for the one that replaces it."""

    client_id: UUID
    collector_id: UUID


class CollectorNamed(ResponseModel):
    """A collector, as everything about one names it."""

    id: UUID
    name: str


class CurrencyAmounts(ResponseModel):
    """What is open in a currency, and what of it is overdue."""

    currency: str
    open: str
    overdue: str


class NextStep(ResponseModel):
    """The step that comes next; `at` is null while it waits for a person or a correction."""

    step: int
    channel: StepChannel
    at: dt.datetime | None


class Case(ResponseModel):
    """A collector's run for a client, or for the invoice `sale_id`.

    `reason` says why it is in its state, `since` since when, `ends` what ends that and `ends_at` when that comes by
    itself. `open_amount` and `overdue_amount` are in the currency of the invoice that is due longest, `amounts` are
    all. `invoices` counts the open ones, of which `sale_ids` has the longest due.
    """

    id: UUID
    client_id: UUID
    client: ClientReference
    sale_id: UUID | None
    collector: CollectorNamed
    version: int
    cycle: int
    state: CaseState
    reason: str
    ends: str
    since: dt.datetime
    ends_at: dt.datetime | None
    next_step: NextStep | None
    last_step: int | None
    last_step_at: dt.datetime | None
    currency: str | None
    open_amount: str | None
    overdue_amount: str | None
    amounts: list[CurrencyAmounts]
    date_due: dt.date | None
    invoices: int
    sale_ids: list[UUID]
    updated_at: dt.datetime


class TimelineEntry(ResponseModel):
    """What was done of a case or happened to it; `detail` says more about what `kind` names."""

    at: dt.datetime
    cycle: int
    kind: str
    detail: dict[str, Any]


class CaseWithTimeline(Case):
    """A case with what was done of it, newest first."""

    timeline: list[TimelineEntry]


class MovedInvoice(ResponseModel):
    """An invoice that was moved."""

    id: UUID
    number: str
    date_due: dt.date | None
    currency: str
    total: str
    amount_due: str


class MoveCollector(ResponseModel):
    """A collector that invoices leave or enter; one of another system has no id."""

    id: UUID | None
    name: str


class NotificationSent(ResponseModel):
    """The notification to the people who take over."""

    subject: str
    body: str


class Move(ResponseModel):
    """Invoices that were moved to another collector; `account_total` is all that the client owes."""

    id: UUID
    cause: MoveCause
    origin: Origin
    from_collector: MoveCollector
    to_collector: MoveCollector
    client_id: UUID
    client: ClientReference
    invoices: list[MovedInvoice]
    account_total: list[CurrencyAmounts]
    notification: NotificationSent | None
    note: str | None
    moved_at: dt.datetime


class MoveByPerson(Move):
    """What a person moved: a client's invoices, and those of each further client, which are moves of their own."""

    other_clients: list[Move]


def from_row(row: Row) -> JSONObject:
    """A case, from `ledger_api.collection_case`."""
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        **clients.reference(row),
        "sale_id": None if row["sale_id"] is None else str(row["sale_id"]),
        "collector": {"id": str(row["current_collector_id"]), "name": row["collector_name"]},
        **{name: row[name] for name in ("version", "cycle", "state", "reason", "ends")},
        "since": row["since"].isoformat(),
        "ends_at": _time(row["ends_at"]),
        "next_step": _next_step(row),
        "last_step": None if row["last_step"] < 0 else row["last_step"],
        "last_step_at": _time(row["last_step_at"]),
        "currency": currency,
        "open_amount": None if currency is None else from_minor(row["open_minor"], currency),
        "overdue_amount": None if currency is None else from_minor(row["overdue_minor"], currency),
        "amounts": row["amounts"],
        "date_due": None if row["oldest_due"] is None else row["oldest_due"].isoformat(),
        "invoices": row["invoices"],
        "sale_ids": [str(sale_id) for sale_id in row["sale_ids"]],
        "updated_at": row["updated_at"].isoformat(),
    }


def _next_step(row: Row) -> JSONObject | None:
    if row["next_step"] is None:
        return None
    at = row["next_at"] if row["state"] == "scheduled" else None
    return {"step": row["next_step"], "channel": row["next_channel"], "at": _time(at)}


def step_entry(row: Row) -> JSONObject:
    """An entry of a timeline, from `ledger_api.collection_step`."""
    names = ("step", "channel", "by_person", "message_state", "message_detail")
    message_id = None if row["message_id"] is None else str(row["message_id"])
    return {
        "at": row["at"].isoformat(),
        "cycle": row["cycle"],
        "kind": f"step_{row['state']}",
        "detail": {name: row[name] for name in names} | {"message_id": message_id},
    }


def entry(row: Row) -> JSONObject:
    """An entry of a timeline, from `ledger_api.collection_entry`."""
    return {"at": row["at"].isoformat(), "cycle": row["cycle"], "kind": row["kind"], "detail": row["detail"]}


def _time(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_WHO: Final = "0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b"
MOVE_SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-9a00-7bb0-8efb-0a2b3c4d5e6f",
    "cause": "workflow",
    "origin": "own",
    "from_collector": {"id": "0198f7c4-3f00-7d70-8ab7-6c8d9e0f1a2b", "name": "Friendly reminders"},
    "to_collector": {"id": "0198f7c4-3f10-7e80-9bc8-7d9e0f1a2b3c", "name": "Debt collection"},
    "client_id": _WHO,
    "client": {
        "id": _WHO,
        "name": "Ozola Design SIA",
        "email": "aija@ozola.example",
        "external_id": "crm-1042",
    },
    "invoices": [
        {
            "id": "0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d",
            "number": "INV-2026-000042",
            "date_due": "2026-03-16",
            "currency": "EUR",
            "total": "165.01",
            "amount_due": "165.01",
        }
    ],
    "account_total": [{"currency": "EUR", "open": "165.01", "overdue": "165.01"}],
    "notification": {
        "subject": "Ozola Design SIA is moved to Debt collection",
        "body": "All reminders to Ozola Design SIA were sent and 165.01 EUR is still open.\n",
    },
    "note": None,
    "moved_at": "2026-04-16T08:00:00+00:00",
}
