"""`/v1/payments`: incoming payments, recorded by the ledger and read from its views."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import payment
from contracts.resources.output import ResourcePage
from contracts.resources.payment import Payment, PaymentIn, PaymentStatus
from contracts.resources.schemas import Model, Reference
from contracts.wire.commands import RECORD_PAYMENT
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class PaymentFilter(Model):
    """Which payments."""

    client_id: UUID | None = None
    status: PaymentStatus | None = None
    external_id: Reference | None = None


class PaymentQuery(PaymentFilter, Page):
    """Which payments, page by page."""


async def record_payment(api: Api, call: Request) -> Response:
    """Record a payment and settle what it names."""
    return await api.submit(call, RECORD_PAYMENT, call.body_as(PaymentIn).model_dump(mode="json"))


async def list_payments(api: Api, call: Request) -> Response:
    """List payments, newest first."""
    requested = call.query_as(PaymentQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.PAYMENTS, payment.from_row, **requested)


async def get_payment(api: Api, call: Request) -> Response:
    """Get one payment."""
    return await responses.one(api, call, queries.PAYMENTS, payment.from_row)


ROUTES = (
    Route(
        "POST", "/v1/payments", "createPayment", record_payment, "write", "Record a payment",
        body=PaymentIn, response_model=Payment, status=201, tag="payments",
    ),
    Route(
        "GET", "/v1/payments", "listPayments", list_payments, "read", "List payments",
        query=PaymentQuery, response_model=ResourcePage[Payment], tag="payments",
    ),
    Route(
        "GET", "/v1/payments/{id}", "getPayment", get_payment, "read",
        "Get a payment", response_model=Payment, tag="payments",
    ),
)  # fmt: skip
