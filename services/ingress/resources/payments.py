"""`/v1/payments`: money that came in, recorded by the ledger and read from its books."""

from __future__ import annotations

from uuid import UUID

from contracts import present
from contracts.commands import RECORD_PAYMENT
from contracts.objects import Model, PaymentIn, Reference
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class PaymentFilter(Model):
    """Which payments."""

    client_id: UUID | None = None
    status: shapes.PaymentStatus | None = None
    external_id: Reference | None = None


class PaymentQuery(PaymentFilter, Page):
    """Which payments, page by page."""


async def record_payment(api: Api, call: Call) -> Reply:
    """Record a payment and settle what it names."""
    return await api.submit(call, RECORD_PAYMENT, call.body_as(PaymentIn).model_dump(mode="json"))


async def list_payments(api: Api, call: Call) -> Reply:
    """List payments, newest first."""
    asked = call.query_as(PaymentQuery).model_dump(exclude={"limit", "cursor"})
    return await answering.many(api, call, reads.PAYMENTS, present.payment, **asked)


async def get_payment(api: Api, call: Call) -> Reply:
    """Look at one payment."""
    return await answering.one(api, call, reads.PAYMENTS, present.payment)


ROUTES = (
    Route(
        "POST", "/v1/payments", "createPayment", record_payment, "write", "Record a payment",
        body=PaymentIn, answers=shapes.Payment, status=201, tag="payments",
    ),
    Route(
        "GET", "/v1/payments", "listPayments", list_payments, "read", "List payments",
        query=PaymentQuery, answers=shapes.Listed[shapes.Payment], tag="payments",
    ),
    Route(
        "GET", "/v1/payments/{id}", "getPayment", get_payment, "read",
        "Get a payment", answers=shapes.Payment, tag="payments",
    ),
)  # fmt: skip
