"""Automations: the list, one automation with its runs, on and off."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from aiohttp import web

from console import filter_rows, listing
from console.editing import verb
from console.i18n import N_
from console.listing import Column, Listing
from console.visit import Route, Visit

RUNS_SHOWN: Final = 10  # on an automation's page; a link leads to all
CATALOG_MAX: Final = 200  # entries of a catalog in one answer
CATALOG_SECONDS: Final = 60.0  # until a new release of the API shows its catalog here
LISTING: Final = Listing(
    title=N_("Automations"),
    api_path="/v1/automations",
    path="/automations",
    columns=(
        Column("name", N_("Name")),
        Column("trigger.key", N_("Event"), "trigger"),
        Column("steps", N_("Steps"), "steps"),
        Column("enabled", N_("Status"), "on_off"),
        Column("version", N_("Version"), "number"),
        Column("updated_at", N_("Changed"), "moment"),
    ),
    row="/automations/{id}",
    new=("/automations/new", N_("New automation")),
    new_scope="automate",
    intro=N_("An automation waits for an event and then does its steps, in order."),
    empty=N_("No automation yet. Create one: choose an event, then what shall be done."),
)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The automations, newest first, with the titles of their actions."""
    await catalogs(visit)
    return await listing.show(visit, LISTING)


async def catalogs(visit: Visit) -> tuple[dict[str, Any], dict[str, Any]]:
    """The catalogs of triggers and of actions, by key: those of the installation, the same for every account."""
    parts, now = visit.parts, time.monotonic()
    if parts.catalogs is None or parts.catalogs_until < now:
        found = await asyncio.gather(
            visit.api.get("/v1/triggers", {"limit": CATALOG_MAX}), visit.api.get("/v1/actions", {"limit": CATALOG_MAX})
        )
        triggers, actions = ({one["key"]: one for one in catalog["items"]} for catalog in found)
        parts.catalogs, parts.catalogs_until = (triggers, actions), now + CATALOG_SECONDS
    return parts.catalogs


async def show(visit: Visit) -> web.StreamResponse:
    """One automation with its newest runs."""
    automation, runs, (triggers, actions) = await asyncio.gather(
        visit.api.get(f"/v1/automations/{visit.id}"),
        visit.api.get("/v1/runs", {"automation_id": visit.id, "limit": RUNS_SHOWN}),
        catalogs(visit),
    )
    return visit.render(
        "automation.html", automation=automation, runs=runs["items"], triggers=triggers, actions=actions,
        groups_of=filter_rows.groups_of,
    )  # fmt: skip


_HERE: Final = "/automations/{id}"
ROUTES: Final = (
    Route("GET", "/automations", show_list),
    Route("GET", _HERE, show),
    Route(
        "POST", f"{_HERE}/enable", verb("/v1/automations/{id}/enable", _HERE, N_("It is on."), takes_body=False)
    ),
    Route(
        "POST", f"{_HERE}/disable", verb("/v1/automations/{id}/disable", _HERE, N_("It is off."), takes_body=False)
    ),
    Route("POST", f"{_HERE}/delete", verb("/v1/automations/{id}", "/automations", N_("Deleted."), method="DELETE")),
)  # fmt: skip
