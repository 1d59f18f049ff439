"""Trials and versions of an automation: a dry run on a past event, a backtest, what was published when."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from console import editing, pictures
from console.api_client import Problem
from console.editing import verb
from console.i18n import N_
from console.pages.automations import catalogs
from console.visit import Route, Visit

EVENTS_SHOWN: Final = 20  # to choose one from
DAYS: Final = (7, 14, 30, 90)  # of a backtest; the API takes up to 90
VERSIONS: Final = ("published", "draft")


async def _try_page(visit: Visit, trial: Any = None, chosen: str = "") -> web.Response:
    automation = await visit.api.get(f"/v1/automations/{visit.id}")
    key = (automation["draft"] or automation)["trigger"]["key"]
    events, _ = await asyncio.gather(
        visit.api.get("/v1/events", {"trigger": key, "limit": EVENTS_SHOWN}), catalogs(visit)
    )
    return visit.render(
        "automation_try.html", automation=automation, events=events["items"], trial=trial, chosen=chosen, key=key
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
    """What to count; the counts load after the page, because a command looks through the events."""
    automation, days, version = await _requested(visit)
    return visit.render("automation_backtest.html", automation=automation, days=days, choices=DAYS, version=version)


async def _requested(visit: Visit) -> tuple[dict[str, Any], int, str]:
    """The automation, the days to look through, and the version, empty for what the API takes by itself."""
    query = visit.request.query
    given, version = query.get("days", ""), query.get("version", "")
    days = int(given) if given in {str(one) for one in DAYS} else DAYS[0]
    automation = dict(await visit.api.get(f"/v1/automations/{visit.id}"))
    return automation, days, version if version in VERSIONS and (version != "draft" or automation["draft"]) else ""


async def show_counts(visit: Visit) -> web.StreamResponse:
    """How often it would have run on the last days, as bars and as a table."""
    automation, days, version = await _requested(visit)
    found = await visit.api.post(f"/v1/automations/{visit.id}/backtest", {"days": days, "version": version or None})
    last = dt.datetime.fromisoformat(found["until"]).astimezone(ZoneInfo(visit.time_zone)).date()
    per_day = pictures.every_day(found["per_day"], last=last, count=days, is_cut=found["truncated"])
    return visit.render(
        "backtest_counts.html", automation=automation, found=found, per_day=per_day,
        bars=pictures.days(per_day) if found["events"] else [],
    )  # fmt: skip


async def show_versions(visit: Visit) -> web.StreamResponse:
    """The draft with its differences, then the versions, newest first."""
    cursor = visit.request.query.get("cursor")
    automation, versions, _ = await asyncio.gather(
        visit.api.get(f"/v1/automations/{visit.id}"),
        visit.api.get(f"/v1/automations/{visit.id}/versions", {"limit": EVENTS_SHOWN, "cursor": cursor}),
        catalogs(visit),
    )
    return visit.render(
        "automation_versions.html", automation=automation, versions=versions["items"], next=versions["next_cursor"]
    )


_HERE: Final = "/automations/{id}"
ROUTES: Final = (
    Route("GET", f"{_HERE}/try", show_try),
    Route("POST", f"{_HERE}/try", dry_run),
    Route("GET", f"{_HERE}/backtest", show_backtest),
    Route("GET", f"{_HERE}/backtest/counts", show_counts),
    Route("GET", f"{_HERE}/versions", show_versions),
    Route(
        "POST", f"{_HERE}/publish", verb("/v1/automations/{id}/publish", _HERE, N_("Published."), takes_body=False)
    ),
)  # fmt: skip
