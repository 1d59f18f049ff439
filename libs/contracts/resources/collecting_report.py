"""Reports on collecting: debtor days by month, and what each step of each collector brings."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from contracts.resources.case import CaseState, CollectorNamed
from contracts.resources.output import ResponseModel


class MonthOfDebtors(ResponseModel):
    """One month in one currency: `debtor_days` is receivable / invoiced x days; null where nothing was invoiced.

    `receivable` is owed at the month's end, `invoiced` is what invoices of the month come to, less its credit notes.
    `days` are those of the month, up to `as_of`.
    """

    month: str
    currency: str
    receivable: str
    invoiced: str
    days: int
    debtor_days: str | None


class DebtorDays(ResponseModel):
    """Days sales outstanding, the latest month first."""

    as_of: dt.date
    items: list[MonthOfDebtors]


class StepResult(ResponseModel):
    """What was reminded, promised and collected by a step of a collector, in one currency.

    What a client promises and pays counts for the step that was taken last before it. `reminded_amount` is what was
    open then; `collected_share` is the part of it that was paid, in percent.
    """

    collector: CollectorNamed
    step: int
    channel: str
    currency: str
    reminded: int
    reminded_amount: str
    promised: int
    promised_amount: str
    collected_amount: str
    collected_share: str | None


class CollectionsReport(ResponseModel):
    """What collecting brought over a period, both days included."""

    since: dt.date = Field(alias="from")
    to: dt.date
    items: list[StepResult]


class CasesInState(ResponseModel):
    """The cases in one state and currency: how many, and what is open and overdue of their invoices.

    `currency` and the amounts are null of cases without an open invoice.
    """

    state: CaseState
    currency: str | None
    cases: int
    open_amount: str | None
    overdue_amount: str | None


class CasesReport(ResponseModel):
    """Where collecting stands: every case that is not settled counts once, in the state that it is in."""

    items: list[CasesInState]
