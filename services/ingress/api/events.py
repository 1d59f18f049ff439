"""`/v1/events`: the account's event log, as pages and as a stream of what happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from aiohttp import web

from contracts.moments import PastMoment
from contracts.primitives.ids import parse_id
from contracts.primitives.problem import FieldError
from contracts.resources.event import Event
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from ingress.api.triggers import TriggerKey, check_key
from ingress.errors import InvalidInput, NotFound
from ingress.http.context import Api
from ingress.http.event_stream import EVENT_STREAM, LAST_EVENT_ID, message, send_stream
from ingress.http.route import Page, Request, Response, Route
from ingress.views import event_queries
from ingress.views.event_feed import FeedEvent, Stream
from ingress.views.event_queries import LATE_SECONDS
from ingress.views.paging import read_id_cursor, write_cursor

MISSED_PAGE: Final = 100  # events read at once when a stream is continued
MISSED_MAX: Final = 10_000
"""Sent when a stream is continued; then it ends, and its client continues from there. Their ids are remembered."""
BACK_DAYS: Final = 1  # an event that was recorded later than this after it happened is not looked for by its place


class EventQuery(Page):
    """Which events: of one trigger, about one client, that happened since a time."""

    trigger: TriggerKey | None = None
    client_id: UUID | None = None
    since: PastMoment | None = None


class StreamQuery(Model):
    """Which events: of one trigger, about one client."""

    trigger: TriggerKey | None = None
    client_id: UUID | None = None


async def list_events(api: Api, call: Request) -> Response:
    """The events, newest first, each as hooks get it."""
    query = call.query_as(EventQuery)
    check_key(query.trigger)
    rows, more = await event_queries.events(
        api.pool, account_id=call.account_id, trigger=query.trigger, client_id=query.client_id, since=query.since,
        before=read_id_cursor(call), limit=query.limit,
    )  # fmt: skip
    cursor = f'"{write_cursor(call.route.path, rows[-1]["event_id"])}"' if more else "null"
    return Response(200, b'{"items":[%b],"next_cursor":%b}' % (b",".join(row["body"] for row in rows), cursor.encode()))


async def get_event(api: Api, call: Request) -> Response:
    """Get one event as hooks get it, while it is kept.

    Raises:
        NotFound: this account has no such event, or not any more.
    """
    body = await event_queries.event_body(api.pool, account_id=call.account_id, event_id=call.id_of())
    if body is None:
        raise NotFound
    return Response(body=body)


async def stream_events(api: Api, call: Request) -> Response | web.StreamResponse:
    """Send events as they are recorded; after `Last-Event-ID` first what was recorded since that one.

    Each is sent at least once, under its own id, which a reader that connects again may see twice.

    Raises:
        InvalidInput: no such trigger, or an event that is not known (any more); TooManyRequests.
    """
    query = call.query_as(StreamQuery)
    check_key(query.trigger)
    with api.feed.open(call.account_id, wants_events=True) as stream:
        return await send_stream(api, call, _messages(api, call, query, stream))


async def _messages(api: Api, call: Request, query: StreamQuery, stream: Stream) -> AsyncIterator[bytes]:
    sent: set[UUID] = set()
    async for event in _missed(api, call, sent):
        if _matches(query, event):
            yield _message(event)
    yield b""
    while len(sent) < MISSED_MAX and not stream.ended:
        await stream.woken.wait()
        content = b"".join(
            _message(event) for event in stream.take() if event.id not in sent and _matches(query, event)
        )
        yield content


async def _missed(api: Api, call: Request, sent: set[UUID]) -> AsyncIterator[FeedEvent]:
    """What was recorded since the event that the reader got last; their ids are added to `sent`."""
    given = call.headers.get(LAST_EVENT_ID)
    if not given:
        return
    last = parse_id(given)
    recorded = last and await event_queries.recorded_at(api.pool, account_id=call.account_id, event_id=last)
    if not last or not recorded:
        advice = "is not a stored event: leave it out, and read missed events at /v1/events"
        raise InvalidInput(faults=[FieldError(LAST_EVENT_ID, advice)])
    sent.add(last)
    after = (recorded - dt.timedelta(seconds=LATE_SECONDS), UUID(int=0))
    happened = recorded - dt.timedelta(days=BACK_DAYS)
    while len(sent) < MISSED_MAX:
        rows = await event_queries.missed_since(
            api.pool, account_id=call.account_id, after=after, happened_since=happened, limit=MISSED_PAGE
        )
        for row in rows:
            if row["event_id"] not in sent:
                sent.add(row["event_id"])
                yield FeedEvent(row["event_id"], row["trigger"], row["client_id"], row["body"])
        if len(rows) < MISSED_PAGE:
            return
        after = (rows[-1]["recorded_at"], rows[-1]["event_id"])


def _matches(query: StreamQuery, event: FeedEvent) -> bool:
    return query.trigger in {None, event.trigger} and query.client_id in {None, event.client_id}


def _message(event: FeedEvent) -> bytes:
    return message(str(event.id), event.trigger, event.body)


ROUTES = (
    Route(
        "GET", "/v1/events", "listEvents", list_events, "read", "The event log, newest first",
        query=EventQuery, response_model=ResourcePage[Event], tag="events",
    ),
    Route(
        "GET", "/v1/events/stream", "streamEvents", stream_events, "read", "Events as they happen (server-sent events)",
        query=StreamQuery, response_types=(EVENT_STREAM,), seconds_max=None, tag="events",
    ),
    Route("GET", "/v1/events/{id}", "getEvent", get_event, "read", "Get an event", response_model=Event, tag="events"),
)  # fmt: skip
