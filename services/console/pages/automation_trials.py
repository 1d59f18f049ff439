"""Trials and versions of an automation: a dry run on a past event, a backtest, what was published when."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from console import editing, pictures
from console.api_client import Problem
from console.editing import verb
from console.i18n import N_
from console.visit import Route, Visit

EVENTS_SHOWN: Final = 20  # to choose one from
DAYS: Final = (7, 14, 30, 90)  # of a backtest; the API takes up to 90
VERSIONS: Final = ("published", "draft")


async def _try_page(visit: Visit, trial: Any = None, chosen: str = "") -> web.Response:
    automation = await visit.api.get(f"/v1/automations/{visit.id}")
    key = (automation["draft"] or automation)["trigger"]["key"]
    events = (await visit.api.get("/v1/events", {"trigger": key, "limit": EVENTS_SHOWN}))["items"]
    return visit.render(
        "automation_try.html", automation=automation, events=events, trial=trial, chosen=chosen, key=key
    )


async def show_try(visit: Visit) -> web.StreamResponse:
    """Choose an event to try the automation on."""
    return await _try_page(visit, chosen=visit.request.query.get("event_id", ""))


async def dry_run(visit: Visit) -> web.StreamResponse:
    """Take all steps on an event without effects, and show what the ledger would have changed."""
    form = await visit.read_form()
    chosen, version = form.get("event_id", ""), form.get("version", "")
    body = {"event_id": chosen or None, "version": version if version in VERSIONS else None}
    try:
        trial = await visit.api.post(f"/v1/automations/{visit.id}/dry-run", body)
    except Problem as problem:
        return editing.failed(visit, f"/automations/{visit.id}/try", problem)
    return await _try_page(visit, trial, chosen)


async def show_backtest(visit: Visit) -> web.StreamResponse:
    """How often it would have run on the last days, as bars and as a table."""
    query = visit.request.query
    given = query.get("days", "")
    days = int(given) if given in {str(one) for one in DAYS} else DAYS[0]
    automation = await visit.api.get(f"/v1/automations/{visit.id}")
    version = query.get("version", "")
    version = version if version in VERSIONS and (version != "draft" or automation["draft"]) else ""
    body = {"days": days, "version": version or None}
    found = await visit.api.post(f"/v1/automations/{visit.id}/backtest", body)
    return visit.render(
        "automation_backtest.html", automation=automation, found=found, days=days, choices=DAYS, version=version,
        bars=pictures.days(found["per_day"]),
    )  # fmt: skip


async def show_versions(visit: Visit) -> web.StreamResponse:
    """The draft with its differences, then the versions, newest first."""
    cursor = visit.request.query.get("cursor")
    automation, versions = await asyncio.gather(
        visit.api.get(f"/v1/automations/{visit.id}"),
        visit.api.get(f"/v1/automations/{visit.id}/versions", {"limit": EVENTS_SHOWN, "cursor": cursor}),
    )
    return visit.render(
        "automation_versions.html", automation=automation, versions=versions["items"], next=versions["next_cursor"]
    )


_HERE: Final = "/automations/{id}"
ROUTES: Final = (
    Route("GET", f"{_HERE}/try", show_try),
    Route("POST", f"{_HERE}/try", dry_run),
    Route("GET", f"{_HERE}/backtest", show_backtest),
    Route("GET", f"{_HERE}/versions", show_versions),
    Route(
        "POST", f"{_HERE}/publish", verb("/v1/automations/{id}/publish", _HERE, N_("Published."), takes_body=False)
    ),
)  # fmt: skip
