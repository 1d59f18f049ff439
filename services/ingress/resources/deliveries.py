"""`/v1/deliveries`: events on their way to hooks, with every attempt; kept by the executor."""

from __future__ import annotations

from uuid import UUID

from contracts import present_execution as present
from contracts.commands import REDELIVER
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class DeliveryQuery(Page):
    """Which deliveries: each that is given narrows the list."""

    hook_id: UUID | None = None
    event_id: UUID | None = None
    state: shapes.DeliveryState | None = None


async def list_deliveries(api: Api, call: Call) -> Reply:
    """List deliveries, newest first."""
    query = call.query_as(DeliveryQuery)
    return await answering.many(
        api, call, reads.DELIVERIES, present.delivery, hook_id=query.hook_id, event_id=query.event_id, state=query.state
    )


async def get_delivery(api: Api, call: Call) -> Reply:
    """Look at one delivery with its attempts."""
    row = await answering.row_of(api, call, reads.DELIVERIES)
    attempts = await reads.attempts(api.pool, account_id=call.account_id, delivery_id=row["id"])
    return Reply(body=present.delivery(row, attempts))


async def redeliver(api: Api, call: Call) -> Reply:
    """Send it again, now: the same body under the same event id."""
    delivery_id = call.id_of()
    return await api.submit(call, REDELIVER, {"id": str(delivery_id)}, subject_id=delivery_id)


ROUTES = (
    Route(
        "GET", "/v1/deliveries", "listDeliveries", list_deliveries, "read", "List deliveries",
        query=DeliveryQuery, answers=shapes.Listed[shapes.Delivery], tag="deliveries",
    ),
    Route(
        "GET", "/v1/deliveries/{id}", "getDelivery", get_delivery, "read", "Get a delivery with its attempts",
        answers=shapes.DeliveryWithAttempts, tag="deliveries",
    ),
    Route(
        "POST", "/v1/deliveries/{id}/redeliver", "redeliverEvent", redeliver, "write", "Deliver again, now",
        answers=shapes.Delivery, tag="deliveries",
    ),
)  # fmt: skip
