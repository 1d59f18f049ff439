"""Collectors: the list, one with its steps, versions and what they brought; making it the default, deleting it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from console import collecting, editing
from console.api_client import Problem
from console.i18n import N_
from console.pages.cases import collectors_of
from console.visit import Route, Visit

VERSIONS: Final = 20  # on a collector's page, the newest
_CONFLICT: Final = 409


def _drawn(visit: Visit, collector: Mapping[str, Any]) -> dict[str, Any]:
    steps = collector["steps"]
    stops, due = collecting.time_line(steps)
    waits = [collecting.wait_text(step, visit.text) for step in steps]
    return {"collector": collector, "stops": stops, "due": due, "waits": waits}


async def show_list(visit: Visit) -> web.StreamResponse:
    """The collectors, each with its time line."""
    found = await collectors_of(visit)
    return visit.render("collectors.html", drawn=[_drawn(visit, one) for one in found])


async def show(visit: Visit) -> web.StreamResponse:
    """One collector."""
    return await _render(visit)


async def _render(visit: Visit, *, status: int = 200, in_use: str = "") -> web.Response:
    api = visit.api
    collector, versions, report, others, cases = await asyncio.gather(
        api.get(f"/v1/collectors/{visit.id}"), api.get(f"/v1/collectors/{visit.id}/versions", {"limit": VERSIONS}),
        api.get("/v1/reports/collections"), collectors_of(visit),
        api.get("/v1/cases", {"collector_id": visit.id, "limit": 100}),
    )  # fmt: skip
    names = {one["id"]: one["name"] for one in others}
    return visit.render(
        "collector.html", status=status, versions=versions["items"], in_use=in_use, names=names,
        results=[one for one in report["items"] if one["collector"]["id"] == visit.id],
        others=[one for one in others if one["id"] != visit.id], **_drawn(visit, collector),
        titles=[_title(visit, step, names) for step in collector["steps"]],
        cases=len(cases["items"]), more_cases=cases["next_cursor"],
    )  # fmt: skip


def _title(visit: Visit, step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What a step says, in a line: its subject or text in the person's language."""
    if step["channel"] == "move":
        return names.get(step["target_collector_id"], "")
    template = step["template"] or {}
    text = template if "body" in template else template.get(visit.locale) or next(iter(template.values()), {})
    return str(text.get("subject") or text.get("body") or "")[:120]


async def make_default(visit: Visit) -> web.StreamResponse:
    """Let every client without a collector of its own have this one."""
    collector = await visit.api.get(f"/v1/collectors/{visit.id}")
    body = {name: collector[name] for name in ("name", "kind", "steps")} | {"default": True}
    try:
        await visit.api.send("PUT", f"/v1/collectors/{visit.id}", body=body)
    except Problem as problem:
        return editing.failed(visit, f"/collectors/{visit.id}", problem)
    return visit.go(f"/collectors/{visit.id}", visit.text(N_("It is the default now.")))


async def delete(visit: Visit) -> web.StreamResponse:
    """Delete it; what uses it goes on in the collector that is chosen."""
    form = await visit.read_form()
    query = {"move_to": form["move_to"]} if form.get("move_to") else {}
    try:
        await visit.api.send("DELETE", f"/v1/collectors/{visit.id}", query=query)
    except Problem as problem:
        if problem.status == _CONFLICT:
            return await _render(visit, status=_CONFLICT, in_use=problem.detail)
        return editing.failed(visit, f"/collectors/{visit.id}", problem)
    return visit.go("/collectors", visit.text(N_("Deleted.")))


ROUTES: Final = (
    Route("GET", "/collectors", show_list),
    Route("GET", "/collectors/{id}", show),
    Route("POST", "/collectors/{id}/default", make_default),
    Route("POST", "/collectors/{id}/delete", delete),
)
