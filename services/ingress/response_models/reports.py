"""Response models of reports on the journal."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.resources.output import ResponseModel


class TrialBalanceRow(ResponseModel):
    """What was posted to one account of the journal; `balance` is debit less credit."""

    account: str
    currency: str
    debit: str
    credit: str
    balance: str


class TrialBalanceTotal(ResponseModel):
    """The sums of one currency: debit and credit are equal."""

    currency: str
    debit: str
    credit: str


class TrialBalance(ResponseModel):
    """The journal's accounts at the end of a day."""

    as_of: dt.date
    items: list[TrialBalanceRow]
    totals: list[TrialBalanceTotal]


class AgeingTotal(ResponseModel):
    """Receivables by how long they have been due, and clients' credit."""

    currency: str
    not_due: str
    days_1_30: str
    days_31_60: str
    days_61_90: str
    over_90: str
    receivable: str
    unapplied: str


class AgeingRow(AgeingTotal):
    """That of one client."""

    client_id: UUID
    name: str


class Ageing(ResponseModel):
    """Who owed what at the end of a day; `totals` are those of all clients."""

    as_of: dt.date
    items: list[AgeingRow]
    next_cursor: str | None
    totals: list[AgeingTotal]


class StatementLine(ResponseModel):
    """One change of a client's balance; `balance` is the balance after it."""

    date: dt.date
    kind: str
    document_id: UUID
    sale_type: str | None
    number: str | None
    reference: str | None
    debit: str
    credit: str
    balance: str


class Statement(ResponseModel):
    """A client's account in one currency, oldest first; a balance below 0 is a credit.

    `opening` and `closing` are those of the whole period.
    """

    client_id: UUID
    currency: str
    since: dt.date | None = Field(alias="from")
    to: dt.date
    opening: str
    closing: str
    items: list[StatementLine]
    next_cursor: str | None


class JournalPosting(ResponseModel):
    """One line of an entry: of a client or, in the entries of bills, of a supplier."""

    account: str
    client_id: UUID | None
    supplier_id: UUID | None
    document_id: UUID
    currency: str
    debit: str
    credit: str


class JournalEntry(ResponseModel):
    """One entry: its postings sum to zero. `reversal_of` is the entry that it undoes."""

    id: UUID
    date: dt.date
    kind: str
    document_id: UUID
    reversal_of: UUID | None
    created_at: dt.datetime
    postings: list[JournalPosting]


class MoneyInSum(ResponseModel):
    """The confirmed payments of one day, or of the week that begins on this Monday, in one currency."""

    date: dt.date
    currency: str
    received: str
    payments: int


class MoneyIn(ResponseModel):
    """What came in over a period, both days included, the latest first; days and weeks without payments are left out.

    Of a week that the period begins or ends in, only the days of the period count.
    """

    since: dt.date = Field(alias="from")
    to: dt.date
    by: Literal["day", "week"]
    items: list[MoneyInSum]


class SaleTimelineEntry(ResponseModel):
    """One thing that happened to a sales document or about it; `detail` has the main facts of it.

    `id` is that of the event, message, note, dispute, promise, or of the settlement or refund. The `amount` of a
    settlement is below 0 where it was taken back.
    """

    at: dt.datetime
    id: UUID
    kind: Literal["event", "settlement", "refund", "message", "note", "dispute", "promise"]
    detail: dict[str, Any]
