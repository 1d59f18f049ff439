"""The journey of a document, message, payment or event: a swim lane of the services, live while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from aiohttp import web

from console import labels, listing, live
from console.i18n import N_
from console.listing import Column, Filter, Listing
from console.pages.automations import catalogs
from console.visit import Route, Visit

SERVICES: Final = ("ingress", "ledger", "trigger_dispatcher", "action_executor")
EVENTS: Final = Listing(
    title=N_("Events"),
    api_path="/v1/events",
    path="/events",
    columns=(
        Column("timestamp", N_("Time"), "exact"),
        Column("type", N_("Event"), "event"),
        Column("data", N_("About"), "about"),
    ),
    filters=(Filter("trigger", N_("Event")), Filter("since", N_("Since"), kind="date")),
    row="/journey/{id}",
    intro=N_("Everything that happened, as hooks and automations get it."),
    empty=N_("Nothing has happened yet."),
)


async def show_events(visit: Visit) -> web.StreamResponse:
    """The event log, newest first."""
    return await listing.show(visit, EVENTS)


async def show(visit: Visit) -> web.StreamResponse:
    """The swim lane."""
    return await _render(visit, "journey.html")


async def show_part(visit: Visit) -> web.StreamResponse:
    """The swim lane alone, for a page that is open while it grows."""
    return await _render(visit, "journey_lanes.html")


async def _render(visit: Visit, template: str) -> web.Response:
    journey, _ = await asyncio.gather(visit.api.get(f"/v1/journey/{visit.id}"), catalogs(visit))
    return visit.render(template, journey=journey, services=SERVICES, link=_link, about=partial(_about, visit))


def _link(entry: dict[str, Any]) -> str:
    """Where a step leads: what it is about."""
    detail = entry["detail"]
    for name, path in (("run_id", "/runs/"), ("delivery_id", "/deliveries/"), ("hook_id", "/hooks/")):
        if detail.get(name):
            return f"{path}{detail[name]}"
    return ""


def _about(visit: Visit, entry: Mapping[str, Any]) -> list[str]:
    """What there is to say of a step beside its name, a line each."""
    detail, text, parts = entry["detail"], visit.text, []
    if detail.get("command"):
        parts.append(text(labels.of(detail["command"])))
    if entry["step"] == "dispatched":
        parts.append(text(labels.of(detail["trigger"])))
        parts.append(text(N_("Hook") if detail["kind"] == "hook" else N_("Automation")))
    if detail.get("action"):
        parts.append(f"{int(detail['number']) + 1}. {visit.action_title(detail['action'])}")
    if detail.get("status") and detail.get("duration_ms") is not None:
        parts.append(f"HTTP {detail['status']}, {detail['duration_ms']} ms")
    parts += [str(detail[name]) for name in ("code", "error", "detail") if detail.get(name)]
    return parts


async def stream_journey(visit: Visit) -> web.StreamResponse:
    """Steps as they happen."""
    return await live.relay(visit, f"/v1/journey/{visit.id}/stream")


async def stream_events(visit: Visit) -> web.StreamResponse:
    """Events as they happen."""
    return await live.relay(visit, "/v1/events/stream")


ROUTES: Final = (
    Route("GET", "/events", show_events),
    Route("GET", "/events/stream", stream_events),
    Route("GET", "/journey/{id}", show),
    Route("GET", "/journey/{id}/lanes", show_part),
    Route("GET", "/journey/{id}/stream", stream_journey),
)
