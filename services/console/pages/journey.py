"""The journey of a document, message, payment or event: a swim lane of the services, live while it goes on."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from console import listing
from console.api_client import Problem
from console.i18n import N_
from console.listing import Column, Filter, Listing
from console.visit import Route, Visit

SERVICES: Final = ("ingress", "ledger", "trigger_dispatcher", "action_executor")
EVENTS: Final = Listing(
    title=N_("Events"),
    api_path="/v1/events",
    path="/events",
    columns=(
        Column("timestamp", N_("Time"), "moment"),
        Column("type", N_("Event"), "code"),
        Column("data.number", N_("Number")),
        Column("data.name", N_("Name")),
    ),
    filters=(Filter("trigger", N_("Event")), Filter("since", N_("Since"), kind="date")),
    row="/journey/{id}",
    intro=N_("Everything that happened, as hooks and automations get it."),
    empty=N_("Nothing has happened yet."),
)
_STREAM_SECONDS_MAX: Final = 3_600.0  # then the browser connects again


async def show_events(visit: Visit) -> web.StreamResponse:
    """The event log, newest first."""
    return await listing.show(visit, EVENTS)


async def show(visit: Visit) -> web.StreamResponse:
    """The swim lane."""
    journey = await visit.api.get(f"/v1/journey/{visit.id}")
    return visit.render("journey.html", journey=journey, services=SERVICES, link=_link)


async def show_part(visit: Visit) -> web.StreamResponse:
    """The swim lane alone, for a page that is open while it grows."""
    journey = await visit.api.get(f"/v1/journey/{visit.id}")
    return visit.render("journey_lanes.html", journey=journey, services=SERVICES, link=_link)


def _link(entry: dict[str, Any]) -> str:
    """Where a step leads: what it is about."""
    detail = entry["detail"]
    for name, path in (("run_id", "/runs/"), ("delivery_id", "/deliveries/"), ("hook_id", "/hooks/")):
        if detail.get(name):
            return f"{path}{detail[name]}"
    return ""


async def stream(visit: Visit, path: str) -> web.StreamResponse:
    """Report to the browser, as server-sent events, that the API's stream has something new; the page reads it then."""
    headers = {"Accept": "text/event-stream"}
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    async with asyncio.timeout(_STREAM_SECONDS_MAX), visit.api.open("GET", path, headers=headers) as reply:
        await answer.prepare(visit.request)
        async for part in reply.content.iter_any():
            await answer.write(b"data: new\n\n" if b"data:" in part else b":\n\n")
    return answer


async def _quietly(visit: Visit, path: str) -> web.StreamResponse:
    try:
        return await stream(visit, path)
    except (TimeoutError, ConnectionError, Problem):
        return web.Response(status=204)


async def stream_journey(visit: Visit) -> web.StreamResponse:
    """Steps as they happen."""
    return await _quietly(visit, f"/v1/journey/{visit.id}/stream")


async def stream_events(visit: Visit) -> web.StreamResponse:
    """Events as they happen."""
    return await _quietly(visit, "/v1/events/stream")


ROUTES: Final = (
    Route("GET", "/events", show_events),
    Route("GET", "/events/stream", stream_events),
    Route("GET", "/journey/{id}", show),
    Route("GET", "/journey/{id}/lanes", show_part),
    Route("GET", "/journey/{id}/stream", stream_journey),
)
