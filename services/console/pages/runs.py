"""Runs of automations: each step with input, output, attempts and time; replay from a step, previewed first."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from console import editing, listing
from console.api_client import Problem
from console.editing import verb
from console.forms import Field
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.pictures import waterfall
from console.visit import KEY_FIELD, Route, Visit

LISTING: Final = Listing(
    title=N_("Runs"),
    api_path="/v1/runs",
    path="/runs",
    columns=(
        Column("created_at", N_("Time"), "moment"),
        Column("trigger_key", N_("Event"), "code"),
        Column("state", N_("Status"), "badge"),
        Column("error", N_("Fault")),
        Column("finished_at", N_("Ended"), "moment"),
    ),
    filters=(
        choice("state", N_("Status"), "running", "waiting", "succeeded", "filtered", "failed", "cancelled"),
        Filter("automation_id", "", kind="hidden"),
        Filter("event_id", "", kind="hidden"),
    ),
    row="/runs/{id}",
    empty=N_("No run yet. An automation runs when its event happens."),
)
_COMMENT: Final = (Field("comment", ""),)
_ENDED: Final = ("succeeded", "filtered", "failed", "cancelled")


async def show_list(visit: Visit) -> web.StreamResponse:
    """The runs, newest first."""
    return await listing.show(visit, LISTING)


async def _render(visit: Visit, preview: Any = None) -> web.Response:
    run = await visit.api.get(f"/v1/runs/{visit.id}")
    return visit.render(
        "run.html", run=run, picture=waterfall(run["steps"]), preview=preview, has_ended=run["state"] in _ENDED
    )


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
    Route("GET", "/runs/{id}", show),
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
