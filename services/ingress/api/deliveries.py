"""`/v1/deliveries`: deliveries of events to hooks, with every attempt; stored by the executor."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import delivery
from contracts.resources.delivery import Delivery, DeliveryState, DeliveryWithAttempts
from contracts.resources.output import ResourcePage
from contracts.wire.commands import REDELIVER
from ingress.api.resource_handlers import changing, listing
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses, run_queries


class DeliveryQuery(Page):
    """Filters of deliveries; all must match."""

    hook_id: UUID | None = None
    event_id: UUID | None = None
    state: DeliveryState | None = None


async def get_delivery(api: Api, call: Request) -> Response:
    """Get one delivery with its attempts."""
    row = await responses.row_of(api, call, queries.DELIVERIES)
    attempts = await run_queries.attempts(api.pool, account_id=call.account_id, delivery_id=row["id"])
    return Response(body=delivery.from_row(row, attempts))


ROUTES = (
    Route(
        "GET", "/v1/deliveries", "listDeliveries", listing(queries.DELIVERIES, delivery.from_row),
        "read", "List deliveries",
        query=DeliveryQuery, response_model=ResourcePage[Delivery], tag="deliveries",
    ),
    Route(
        "GET", "/v1/deliveries/{id}", "getDelivery", get_delivery, "read", "Get a delivery with its attempts",
        response_model=DeliveryWithAttempts, tag="deliveries",
    ),
    Route(
        "POST", "/v1/deliveries/{id}/redeliver", "redeliverEvent", changing(REDELIVER),
        "automate", "Deliver again, now",
        response_model=Delivery, tag="deliveries",
    ),
)  # fmt: skip
