"""`/v1/payments/{id}` and its verbs: transitions of a payment, each one command to the ledger."""

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
from ingress.api.resource_handlers import changing
from ingress.http.route import Route


def _verb(name: str, command: str, summary: str, body: type[Model]) -> Route:
    return Route(
        "POST", f"/v1/payments/{{id}}/{name}", f"{name}Payment", changing(command), "write", summary,
        body=body, response_model=Payment, tag="payments",
    )  # fmt: skip


ROUTES = (
    _verb("confirm", commands.CONFIRM_PAYMENT, "A pending payment came in", ConfirmIn),
    _verb("fail", commands.FAIL_PAYMENT, "A pending payment did not come in", ReasonIn),
    _verb("allocate", commands.ALLOCATE_PAYMENT, "Settle invoices with what is left of a payment", AllocateIn),
    _verb("unallocate", commands.UNALLOCATE_PAYMENT, "Remove a payment's allocations", UnallocateIn),
    _verb("reverse", commands.REVERSE_PAYMENT, "Reverse a payment: what it settled is open again", DatedReasonIn),
    _verb("refund", commands.REFUND_PAYMENT, "Refund what is left of a payment", RefundIn),
    _verb("unrefund", commands.UNREFUND_PAYMENT, "Cancel a refund of a payment", UnrefundIn),
)
