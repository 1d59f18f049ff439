"""`/v1/deliveries`: deliveries of events to hooks, with every attempt; stored by the executor."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import delivery
from contracts.resources.delivery import Delivery, DeliveryState, DeliveryWithAttempts
from contracts.resources.output import ResourcePage
from contracts.wire.commands import REDELIVER
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses, run_queries


class DeliveryQuery(Page):
    """Filters of deliveries; all must match."""

    hook_id: UUID | None = None
    event_id: UUID | None = None
    state: DeliveryState | None = None


async def list_deliveries(api: Api, call: Request) -> Response:
    """List deliveries, newest first."""
    query = call.query_as(DeliveryQuery)
    return await responses.many(
        api,
        call,
        queries.DELIVERIES,
        delivery.from_row,
        hook_id=query.hook_id,
        event_id=query.event_id,
        state=query.state,
    )


async def get_delivery(api: Api, call: Request) -> Response:
    """Get one delivery with its attempts."""
    row = await responses.row_of(api, call, queries.DELIVERIES)
    attempts = await run_queries.attempts(api.pool, account_id=call.account_id, delivery_id=row["id"])
    return Response(body=delivery.from_row(row, attempts))


async def redeliver(api: Api, call: Request) -> Response:
    """Send it again, now: the same body under the same event id."""
    delivery_id = call.id_of()
    return await api.submit(call, REDELIVER, {"id": str(delivery_id)}, subject_id=delivery_id)


ROUTES = (
    Route(
        "GET", "/v1/deliveries", "listDeliveries", list_deliveries, "read", "List deliveries",
        query=DeliveryQuery, response_model=ResourcePage[Delivery], tag="deliveries",
    ),
    Route(
        "GET", "/v1/deliveries/{id}", "getDelivery", get_delivery, "read", "Get a delivery with its attempts",
        response_model=DeliveryWithAttempts, tag="deliveries",
    ),
    Route(
        "POST", "/v1/deliveries/{id}/redeliver", "redeliverEvent", redeliver, "automate", "Deliver again, now",
        response_model=Delivery, tag="deliveries",
    ),
)  # fmt: skip
