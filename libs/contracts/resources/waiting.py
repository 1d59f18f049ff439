"""What waits for a person: how much of each kind."""

from __future__ import annotations

from contracts.resources.output import ResponseModel


class Waiting(ResponseModel):
    """How much waits for a person, of each kind at most `counted_up_to`: that many may be more."""

    counted_up_to: int
    purchases: int
    orders: int
    overdue_invoices: int
    drafts: int
    calls: int
    reminders: int
    replies: int
    unmatched_replies: int
    idle_debtors: int
    failed_runs: int
    failed_deliveries: int
