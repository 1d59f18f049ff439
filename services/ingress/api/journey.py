"""`/v1/journey/{id}`: everything that one message, document, payment, event or request caused, in order, with times."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from contracts.primitives.problem import FieldError
from ingress import response_models as models
from ingress.errors import InvalidInput, NotFound
from ingress.http.context import Api
from ingress.http.event_stream import EVENT_STREAM, LAST_EVENT_ID, message, send_stream
from ingress.http.route import Request, Response, Route
from ingress.views import journey_queries
from ingress.views.batches import Row
from ingress.views.event_feed import Stream
from ingress.views.event_queries import LATE_SECONDS

_PLACE: Final = re.compile(r"\d{1,12}\.\d{6}-[0-9a-f]{12}", re.ASCII)


async def get_journey(api: Api, call: Request) -> Response:
    """Return the entries of every request that concerns a resource, first to last.

    Raises:
        NotFound: nothing of this account has this id.
    """
    identifier = call.id_of()
    requests = await journey_queries.requests_of(api.pool, account_id=call.account_id, identifier=identifier)
    if not requests:
        raise NotFound
    rows = await journey_queries.entries_of(api.pool, account_id=call.account_id, correlation_ids=requests)
    return Response(
        body={
            "id": str(identifier),
            "correlation_ids": [str(request) for request in requests],
            "truncated": len(rows) > journey_queries.ENTRIES_MAX,
            "entries": _entries(rows[: journey_queries.ENTRIES_MAX]),
        }
    )


async def stream_journey(api: Api, call: Request) -> Response | web.StreamResponse:
    """Send the entries so far, first to last, and each further one as it is committed.

    After `Last-Event-ID` the entries committed before it are left out, except those of the last seconds, which may have
    been committed late.

    Raises:
        NotFound: nothing of this account has this id; InvalidInput: the id of no entry; TooManyRequests.
    """
    identifier, after = call.id_of(), _last_place(call)
    if not await journey_queries.requests_of(api.pool, account_id=call.account_id, identifier=identifier):
        raise NotFound
    with api.feed.open(call.account_id, wants_events=False) as stream:
        return await send_stream(api, call, _messages(api, call, stream, after))


async def _messages(api: Api, call: Request, stream: Stream, after: float) -> AsyncIterator[bytes]:
    sent: set[str] = set()
    while not stream.ended and len(sent) < journey_queries.ENTRIES_MAX:
        stream.woken.clear()
        requests = await journey_queries.requests_of(api.pool, account_id=call.account_id, identifier=call.id_of())
        rows = await journey_queries.entries_of(api.pool, account_id=call.account_id, correlation_ids=requests)
        entries = [
            (place, entry)
            for place, entry in zip(map(_place_of, rows), _entries(rows), strict=True)
            if place not in sent
        ]
        sent.update(place for place, _ in entries)
        yield b"".join(
            message(place, entry["step"], orjson.dumps(entry)) for place, entry in entries if _time_in(place) > after
        )
        await stream.woken.wait()


def _place_of(row: Row) -> str:
    """An entry's position in its journey: its time, and what distinguishes it from others of that time."""
    what = f"{row['service']} {row['step']} {row['message_id']} {row['subject_id']}"
    return f"{row['at'].timestamp():.6f}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"


def _last_place(call: Request) -> float:
    """The time after which entries are sent; 0 for all."""
    given = call.headers.get(LAST_EVENT_ID)
    if not given:
        return 0.0
    if not _PLACE.fullmatch(given):
        raise InvalidInput(faults=[FieldError(LAST_EVENT_ID, "is not the id of an entry: leave it out")])
    return _time_in(given) - LATE_SECONDS


def _time_in(place: str) -> float:
    return float(place.partition("-")[0])


def _entries(rows: Sequence[Row]) -> list[dict[str, Any]]:
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
        "GET", "/v1/journey/{id}", "getJourney", get_journey, "read",
        "What one resource or request caused, entry by entry",
        response_model=models.Journey, tag="journey",
    ),
    Route(
        "GET", "/v1/journey/{id}/stream", "streamJourney", stream_journey, "read",
        "A journey's entries as they are committed (server-sent events)", response_types=(EVENT_STREAM,),
        seconds_max=None, tag="journey",
    ),
)  # fmt: skip
