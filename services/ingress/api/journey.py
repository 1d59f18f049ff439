"""`/v1/journey/{id}`: everything that one message, document, payment, event or request caused, in order, with times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingress import response_models as models
from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views import journey_queries
from ingress.views.batches import Row


async def get_journey(api: Api, call: Request) -> Response:
    """Show the hops of every request that concerns a thing, first to last.

    Raises:
        NotFound: nothing of this account has this id.
    """
    identifier = call.id_of()
    requests = await journey_queries.requests_of(api.pool, account_id=call.account_id, identifier=identifier)
    if not requests:
        raise NotFound
    rows = await journey_queries.hops_of(api.pool, account_id=call.account_id, correlation_ids=requests)
    return Response(
        body={
            "id": str(identifier),
            "correlation_ids": [str(request) for request in requests],
            "truncated": len(rows) > journey_queries.HOPS_MAX,
            "hops": _hops(rows[: journey_queries.HOPS_MAX]),
        }
    )


def _hops(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "at": row["at"].isoformat(),
            "after_ms": round((row["at"] - rows[0]["at"]).total_seconds() * 1000, 3),
            "service": row["service"],
            "step": row["step"],
            "subject_id": row["subject_id"],
            "message_id": row["message_id"],
            "cause_id": row["cause_id"],
            "correlation_id": row["correlation_id"],
            "detail": row["detail"] or {},
        }
        for row in rows
    ]


ROUTES = (
    Route(
        "GET", "/v1/journey/{id}", "getJourney", get_journey, "read", "What one thing caused, hop by hop",
        answers=models.Journey, tag="journey",
    ),
)  # fmt: skip
