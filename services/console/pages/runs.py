"""Runs of automations: each step with input, output, attempts and time; replay from a step, previewed first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from console import editing, listing, live
from console.api_client import Problem
from console.editing import verb
from console.forms import KEY_FIELD, Field
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.pages.automations import catalogs
from console.pictures import waterfall
from console.visit import Route, Visit

LISTING: Final = Listing(
    title=N_("Runs"),
    api_path="/v1/runs",
    path="/runs",
    columns=(
        Column("created_at", N_("Time"), "exact"),
        Column("automation_id", N_("Automation"), "automation"),
        Column("trigger_key", N_("Event"), "label"),
        Column("state", N_("Status"), "badge"),
        Column("error", N_("Fault")),
        Column("finished_at", N_("Ended"), "exact"),
    ),
    filters=(
        choice("state", N_("Status"), "running", "waiting", "succeeded", "filtered", "failed", "cancelled"),
        Filter("automation_id", "", kind="hidden"),
        Filter("event_id", "", kind="hidden"),
    ),
    row="/runs/{id}",
    empty=N_("No run yet. An automation runs when its event happens."),
    stream="/runs/stream",
)
AUTOMATIONS: Final = 200  # whose names the list shows: a page of the API, the newest
_COMMENT: Final = (Field("comment", ""),)
_ENDED: Final = ("succeeded", "filtered", "failed", "cancelled")


async def show_list(visit: Visit) -> web.StreamResponse:
    """The runs, newest first, each with its automation's name."""
    automations = (await visit.api.get("/v1/automations", {"limit": AUTOMATIONS}))["items"]
    return await listing.show(visit, LISTING, names={one["id"]: one["name"] for one in automations})


async def _render(visit: Visit, preview: Any = None) -> web.Response:
    run, _ = await asyncio.gather(visit.api.get(f"/v1/runs/{visit.id}"), catalogs(visit))
    return visit.render(
        "run_parts.html" if visit.is_part else "run.html", run=run, picture=waterfall(run["steps"]), preview=preview,
        has_ended=_has_ended(run), seen=live.digest(run),
    )  # fmt: skip


def _has_ended(run: Mapping[str, Any] | None) -> bool:
    return run is not None and run["state"] in _ENDED


async def watch_list(visit: Visit) -> web.StreamResponse:
    """Runs as they begin and end."""
    return await listing.watch(visit, LISTING)


async def watch(visit: Visit) -> web.StreamResponse:
    """The steps of one run as they happen."""
    return await live.watch(visit, f"/v1/runs/{visit.id}", has_ended=_has_ended)


async def show(visit: Visit) -> web.StreamResponse:
    """One run."""
    return await _render(visit)


async def replay(visit: Visit) -> web.StreamResponse:
    """Show what a replay would do differently, then do it."""
    form = await visit.read_form()
    is_preview = form.get("really") != "true"
    step = form.get("from_step", "")
    body = {
        "from_step": int(step) if step.isdigit() else None, "version": form.get("version", "pinned"),
        "preview": is_preview,
    }  # fmt: skip
    try:
        made = await visit.api.post(f"/v1/runs/{visit.id}/replay", body, key=form.get(KEY_FIELD))
    except Problem as problem:
        return editing.failed(visit, f"/runs/{visit.id}", problem)
    if is_preview:
        return await _render(visit, made.get("preview"))
    return visit.go(f"/runs/{made.get('id', visit.id)}", visit.text(N_("It runs again.")))


ROUTES: Final = (
    Route("GET", "/runs", show_list),
    Route("GET", "/runs/stream", watch_list),
    Route("GET", "/runs/{id}", show),
    Route("GET", "/runs/{id}/stream", watch),
    Route("POST", "/runs/{id}/replay", replay),
    Route(
        "POST",
        "/runs/{id}/approve",
        verb("/v1/runs/{id}/approve", "/runs/{id}", N_("Approved. The run goes on."), fields=_COMMENT),
    ),
    Route(
        "POST",
        "/runs/{id}/refuse",
        verb("/v1/runs/{id}/refuse", "/runs/{id}", N_("Refused. The run is cancelled."), fields=_COMMENT),
    ),
    Route("POST", "/runs/{id}/cancel", verb("/v1/runs/{id}/cancel", "/runs/{id}", N_("Cancelled."), takes_body=False)),
)
