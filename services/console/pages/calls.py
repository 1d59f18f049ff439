"""The call console: who is to be called, and one call with history, script and its outcome by one key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from console import case_timeline
from console.api_client import Problem
from console.forms import KEY_FIELD, Field, Filled, as_object
from console.i18n import N_
from console.listing import CURSOR_CHARS_MAX
from console.pages.case_forms import OUTCOMES
from console.pages.cases import ABOUT, collector_of, invoices_of, why
from console.visit import Route, Visit

ROWS: Final = 50
RECORDED: Final = 20  # calls below the queue, the newest
FIELDS: Final = (
    Field("outcome", N_("Outcome")),
    Field("note", N_("What was said"), "area"),
    Field("snooze_until", N_("Do not call before"), "date"),
    Field("promise.date", N_("Will pay until"), "date"),
    Field("promise.amount", N_("Amount"), "decimal"),
)
_NOT_TYPED: Final = (401, 404)
_SERVER_FAULT: Final = 500


async def show_queue(visit: Visit) -> web.StreamResponse:
    """The calls that are due, and those that were recorded last."""
    query = visit.request.query
    sort, cursor = ("age" if query.get("sort") == "age" else "amount"), query.get("cursor", "")[:CURSOR_CHARS_MAX]
    due, recorded = await asyncio.gather(
        visit.api.get("/v1/calls", {"due": "true", "sort": sort, "limit": ROWS, "cursor": cursor}),
        visit.api.get("/v1/calls", {"limit": RECORDED}),
    )
    return visit.render(
        "calls.html", due=due["items"], next=due["next_cursor"], is_first=not cursor, sort=sort,
        recorded=recorded["items"],
    )  # fmt: skip


async def open_next(visit: Visit) -> web.StreamResponse:
    """The next call; the queue where there is none."""
    after = visit.request.query.get("after", "")
    due = (await visit.api.get("/v1/calls", {"due": "true", "limit": ROWS}))["items"]
    places = [one["id"] for one in due]
    number = places.index(after) + 1 if after in places else 0
    if number >= len(due):
        return visit.go("/calls", visit.text(N_("No call is left.")))
    return visit.go(f"/calls/{places[number]}")


async def show(visit: Visit) -> web.StreamResponse:
    """The console of one call."""
    return await _render(visit, Filled())


async def _render(visit: Visit, filled: Filled, *, status: int = 200) -> web.StreamResponse:
    api = visit.api
    case = await api.get(f"/v1/cases/{visit.id}")
    about = {"client_id": case["client_id"], "limit": ABOUT}
    client, waiting, sales, script, messages, notes, calls, promises, disputes = await asyncio.gather(
        api.get(f"/v1/clients/{case['client_id']}"), api.get("/v1/waiting"),
        invoices_of(visit, case), _script(visit, case),
        *(api.get(f"/v1/{kind}", about) for kind in ("messages", "notes", "calls", "promises", "disputes")),
    )  # fmt: skip
    happened = case_timeline.entries(
        case["timeline"], messages=messages["items"], notes=notes["items"], calls=calls["items"],
        promises=promises["items"], disputes=disputes["items"],
    )  # fmt: skip
    return visit.render(
        "call.html", status=status, filled=filled, case=case, client=client, sales=sales, script=script,
        timeline=happened, left=waiting["calls"],
        more=waiting["calls"] >= waiting["counted_up_to"], why=why(visit),
        outcomes=list(enumerate(OUTCOMES, start=1)), is_due=_is_due(case),
    )  # fmt: skip


def _is_due(case: Mapping[str, Any]) -> bool:
    return case["state"] == "pending" and (case["next_step"] or {}).get("channel") == "call"


async def _script(visit: Visit, case: Mapping[str, Any]) -> str | None:
    """What the step says to say, filled in for this client; None: the step has no text of its own."""
    collector = await collector_of(visit, case)
    if collector is None or not _is_due(case):
        return None
    number = case["next_step"]["step"]
    step = collector["steps"][number]
    if not step["template"]:
        return None
    whom = {"sale_id": case["sale_id"]} if case["sale_id"] else {"client_id": case["client_id"]}
    try:
        preview = await visit.api.post("/v1/collectors/preview", whom | {"step": step, "number": number + 1})
    except Problem as problem:
        if problem.status >= _SERVER_FAULT:
            raise
        return None
    return str(preview["body"])


async def record(visit: Visit) -> web.StreamResponse:
    """Record the outcome; then the next call, or this case again where the step is to stay."""
    form, case = await visit.read_form(), await visit.api.get(f"/v1/cases/{visit.id}")
    goes_on = form.get("do") == "next"
    body = as_object(FIELDS, form) | {"client_id": case["client_id"], "advance": goes_on and _is_due(case)}
    if body.get("outcome") != "promised":
        body.pop("promise", None)
    following = await _following(visit) if goes_on else ""
    try:
        await visit.api.post("/v1/calls", body, key=form.get(KEY_FIELD))
    except Problem as problem:
        if problem.status >= _SERVER_FAULT or problem.status in _NOT_TYPED:
            raise
        filled = Filled(form).with_faults(problem.faults, FIELDS, problem)
        return await _render(visit, filled, status=problem.status)
    if not goes_on:
        return visit.go(f"/cases/{visit.id}", visit.text(N_("The call is recorded.")))
    if not following:
        return visit.go("/calls", visit.text(N_("The call is recorded. No call is left.")))
    return visit.go(f"/calls/{following}", visit.text(N_("The call is recorded. This is the next one.")))


async def _following(visit: Visit) -> str:
    """The case to call after this one; the first of the queue after its last."""
    due = [one["id"] for one in (await visit.api.get("/v1/calls", {"due": "true", "limit": ROWS}))["items"]]
    others = due[due.index(visit.id) + 1 :] + due[: due.index(visit.id)] if visit.id in due else due
    return str(others[0]) if others else ""


ROUTES: Final = (
    Route("GET", "/calls", show_queue),
    Route("GET", "/calls/next", open_next),
    Route("GET", "/calls/{id}", show),
    Route("POST", "/calls/{id}", record),
)
