"""`/v1/payments/{id}` and its verbs: what becomes of a payment, each one command to the ledger."""

from __future__ import annotations

from contracts.resources.payment import Payment
from contracts.resources.schemas import Model
from contracts.resources.transitions import (
    AllocateIn,
    ConfirmIn,
    DatedReasonIn,
    ReasonIn,
    RefundIn,
    UnallocateIn,
    UnrefundIn,
)
from contracts.wire import commands
from ingress.api.transition_routes import moving
from ingress.http.route import Route


def _verb(name: str, command: str, summary: str, body: type[Model]) -> Route:
    return Route(
        "POST", f"/v1/payments/{{id}}/{name}", f"{name}Payment", moving(command), "write", summary,
        body=body, answers=Payment, tag="payments",
    )  # fmt: skip


ROUTES = (
    _verb("confirm", commands.CONFIRM_PAYMENT, "A pending payment came in", ConfirmIn),
    _verb("fail", commands.FAIL_PAYMENT, "A pending payment did not come in", ReasonIn),
    _verb("allocate", commands.ALLOCATE_PAYMENT, "Settle invoices with what a payment has left", AllocateIn),
    _verb("unallocate", commands.UNALLOCATE_PAYMENT, "Take a payment off invoices", UnallocateIn),
    _verb("reverse", commands.REVERSE_PAYMENT, "Take a payment back: what it settled is open again", DatedReasonIn),
    _verb("refund", commands.REFUND_PAYMENT, "Give back what is left of a payment", RefundIn),
    _verb("unrefund", commands.UNREFUND_PAYMENT, "Take a refund of a payment back", UnrefundIn),
)
