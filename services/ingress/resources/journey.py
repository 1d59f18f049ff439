"""`/v1/journey/{id}`: everything that one message, document, payment, event or request caused, in order, with times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingress.errors import NotFound
from ingress.http.api import Api
from ingress.http.route import Call, Reply, Route
from ingress.resources import journeys, shapes
from ingress.resources.reads import Row


async def get_journey(api: Api, call: Call) -> Reply:
    """Show the hops of every request that concerns a thing, first to last.

    Raises:
        NotFound: nothing of this account has this id.
    """
    identifier = call.id_of()
    requests = await journeys.requests_of(api.pool, account_id=call.account_id, identifier=identifier)
    if not requests:
        raise NotFound
    rows = await journeys.hops_of(api.pool, account_id=call.account_id, correlation_ids=requests)
    return Reply(
        body={
            "id": str(identifier),
            "correlation_ids": [str(request) for request in requests],
            "truncated": len(rows) > journeys.HOPS_MAX,
            "hops": _hops(rows[: journeys.HOPS_MAX]),
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
        answers=shapes.Journey, tag="journey",
    ),
)  # fmt: skip
