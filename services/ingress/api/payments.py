"""`/v1/payments`: incoming payments, recorded by the ledger and read from its views."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import payment
from contracts.resources.output import ResourcePage
from contracts.resources.payment import Payment, PaymentIn, PaymentStatus
from contracts.resources.schemas import Model, Reference
from contracts.wire.commands import RECORD_PAYMENT
from ingress.api.resource_handlers import creating, getting, listing
from ingress.http.route import Page, Route
from ingress.views import queries


class PaymentFilter(Model):
    """Which payments."""

    client_id: UUID | None = None
    status: PaymentStatus | None = None
    external_id: Reference | None = None


class PaymentQuery(PaymentFilter, Page):
    """Which payments, page by page."""


ROUTES = (
    Route(
        "POST", "/v1/payments", "createPayment", creating(RECORD_PAYMENT), "write", "Record a payment",
        body=PaymentIn, response_model=Payment, status=201, tag="payments",
    ),
    Route(
        "GET", "/v1/payments", "listPayments", listing(queries.PAYMENTS, payment.from_row), "read", "List payments",
        query=PaymentQuery, response_model=ResourcePage[Payment], tag="payments",
    ),
    Route(
        "GET", "/v1/payments/{id}", "getPayment", getting(queries.PAYMENTS, payment.from_row), "read",
        "Get a payment", response_model=Payment, tag="payments",
    ),
)  # fmt: skip
