"""Collection cases: the board by state with amounts, the list for doing much at once, and one case's time line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from console import case_timeline, collecting, pictures
from console.api_client import Problem
from console.collecting import CHANNELS, STATES
from console.editing import verb
from console.i18n import N_
from console.listing import CURSOR_CHARS_MAX
from console.visit import Route, Visit

CARDS: Final = 10  # of a column; a link leads to all in this state
ROWS: Final = 50
COLLECTORS: Final = 200  # an account has at most 100
ABOUT: Final = 50  # of each kind on a case's page, the newest
FILTERS: Final = ("query", "collector_id", "next_channel", "min_amount")
_SERVER_FAULT: Final = 500
_WRITTEN: Final = ("email", "sms")


async def show_board(visit: Visit) -> web.StreamResponse:
    """The board, or with a state in the URL the list of what is in it."""
    query = visit.request.query
    given = {name: query[name].strip()[:200] for name in FILTERS if query.get(name, "").strip()}
    sort = "age" if query.get("sort") == "age" else "amount"
    try:
        if query.get("state") or query.get("view") == "list":
            return await _list(visit, given, sort)
        return await _board(visit, given, sort)
    except Problem as problem:
        if not problem.faults or problem.status >= _SERVER_FAULT:
            raise
        faults = {fault.path: fault.message for fault in problem.faults}
        return await _board(visit, {}, sort, kept=given, faults=faults)


async def collectors_of(visit: Visit) -> list[dict[str, Any]]:
    """All collectors of the account, the default first."""
    found = (await visit.api.get("/v1/collectors", {"limit": COLLECTORS}))["items"]
    return sorted(found, key=lambda one: (not one["default"], one["name"].casefold()))


def why(visit: Visit) -> Any:
    """What puts the API's reasons into the person's language."""
    return partial(collecting.reason_text, text=visit.text)


async def _board(
    visit: Visit, given: Mapping[str, str], sort: str, *, kept: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> web.StreamResponse:  # fmt: skip
    api = visit.api
    wanted = {**given, "sort": sort, "limit": CARDS}
    report, collectors = await asyncio.gather(api.get("/v1/reports/cases"), collectors_of(visit))
    totals = _totals(report["items"])
    filled = [state for state in STATES if state in totals]
    found = await asyncio.gather(*(api.get("/v1/cases", wanted | {"state": state}) for state in filled))
    pages = dict(zip(filled, found, strict=True))
    columns = [
        {"state": state, "cases": [], "more": None, "count": 0, "amounts": []}
        | ({"cases": pages[state]["items"], "more": pages[state]["next_cursor"]} if state in pages else {})
        | totals.get(state, {})
        for state in STATES
    ]
    currency = visit.person.currency if visit.person else "EUR"
    return visit.render(
        "cases_board.html", columns=columns, collectors=collectors, given=kept or given, sort=sort, why=why(visit),
        faults=faults or {}, link=urlencode(given), is_empty=not report["items"],
        strip=_strip(report["items"], currency), channels=CHANNELS, status=422 if faults else 200,
    )  # fmt: skip


def _totals(items: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """How many cases are in each state, and what is open of them by currency."""
    found: dict[str, dict[str, Any]] = {}
    for one in items:
        here = found.setdefault(one["state"], {"count": 0, "amounts": []})
        here["count"] += one["cases"]
        if one["currency"]:
            here["amounts"].append(one)
    return found


def _strip(items: Sequence[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """What is open by state in one currency, as pieces of a bar."""
    amounts = {one["state"]: Decimal(one["open_amount"]) for one in items if one["currency"] == currency}
    whole, x, pieces = sum(amounts.values(), Decimal(0)), 0.0, []
    for number, state in enumerate(STATES):
        if amounts.get(state, 0) > 0:
            width = float(amounts[state] / whole) * pictures.WIDTH
            pieces.append({"x": round(x, 1), "width": round(max(width - 2, 1), 1), "state": state, "number": number})
            x += width
    return pieces


async def _list(visit: Visit, given: Mapping[str, str], sort: str) -> web.StreamResponse:
    query = visit.request.query
    state = query.get("state", "")
    kept = {**given, "sort": sort} | ({"state": state} if state else {"view": "list"})
    cursor = query.get("cursor", "")[:CURSOR_CHARS_MAX]
    wanted = {**given, "sort": sort, "state": state, "limit": ROWS, "cursor": cursor}
    page, collectors = await asyncio.gather(visit.api.get("/v1/cases", wanted), collectors_of(visit))
    following = urlencode(kept | {"cursor": page["next_cursor"]}) if page["next_cursor"] else ""
    return visit.render(
        "cases_list.html", cases=page["items"], collectors=collectors, given=given, sort=sort, state=state,
        states=[*STATES, "settled"], channels=CHANNELS, next=following, first=urlencode(kept), is_first=not cursor,
        why=why(visit),
    )  # fmt: skip


async def show(visit: Visit) -> web.StreamResponse:
    """One case: why it is where it is, what comes next, and all that happened."""
    api = visit.api
    case = await api.get(f"/v1/cases/{visit.id}")
    about = {"client_id": case["client_id"], "limit": ABOUT}
    client, collector, messages, notes, calls, promises, disputes, sales = await asyncio.gather(
        api.get(f"/v1/clients/{case['client_id']}"), collector_of(visit, case),
        *(api.get(f"/v1/{kind}", about) for kind in ("messages", "notes", "calls", "promises", "disputes")),
        invoices_of(visit, case),
    )  # fmt: skip
    happened = case_timeline.entries(
        case["timeline"], messages=messages["items"], notes=notes["items"], calls=calls["items"],
        promises=promises["items"], disputes=disputes["items"],
    )  # fmt: skip
    stops, due = collecting.time_line(collector["steps"]) if collector else ([], 0)
    return visit.render(
        "case.html", case=case, client=client, collector=collector, timeline=happened, sales=sales,
        preview=await _preview(visit, case, collector), why=why(visit), stops=stops, due=due,
        disputed={one["sale_id"]: one for one in disputes["items"] if one["state"] == "open"},
        promised_until=next((one["date"] for one in promises["items"] if one["state"] == "open"), None)
        if case["state"] == "promised" else None,
        waiting=[
            one for one in [*messages["items"], *notes["items"]] if one["needs_response"] and not one["resolved_at"]
        ],
    )  # fmt: skip


async def collector_of(visit: Visit, case: Mapping[str, Any]) -> dict[str, Any] | None:
    """A case's collector with the steps of the version that the case follows; None where it was deleted."""
    path = f"/v1/collectors/{case['collector']['id']}"
    collector: dict[str, Any] | None = await visit.api.find(path)
    if collector is not None and collector["version"] != case["version"]:
        versions = await visit.api.find(f"{path}/versions", {"limit": 200}) or {"items": []}
        found = next((one for one in versions["items"] if one["version"] == case["version"]), None)
        collector |= {"steps": found["steps"]} if found else {}
    return collector


async def invoices_of(visit: Visit, case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The open invoices that a case is about."""
    if case["sale_id"]:
        return [await visit.api.get(f"/v1/sales/{case['sale_id']}")]
    about = {"client_id": case["client_id"], "status": "issued", "limit": 200}
    found = (await visit.api.get("/v1/sales", about))["items"]
    own = set(case["sale_ids"])
    return sorted((one for one in found if one["id"] in own), key=lambda one: str(one["date_due"]))


async def _preview(visit: Visit, case: Mapping[str, Any], collector: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The message of the next step as it would be written now; with `fault` where it cannot be."""
    coming = case["next_step"]
    if collector is None or coming is None or coming["channel"] not in _WRITTEN:
        return None
    step = collector["steps"][coming["step"]]
    whom = {"sale_id": case["sale_id"]} if case["sale_id"] else {"client_id": case["client_id"]}
    try:
        return dict(await visit.api.post("/v1/collectors/preview", whom | {"step": step, "number": coming["step"] + 1}))
    except Problem as problem:
        if problem.status >= _SERVER_FAULT:
            raise
        return {"fault": problem.faults[0].message if problem.faults else problem.detail}


_HERE: Final = "/cases/{id}"
ROUTES: Final = (
    Route("GET", "/cases", show_board),
    Route("GET", _HERE, show),
    Route("POST", f"{_HERE}/send", verb("/v1/cases/{id}/send", _HERE, N_("It is being sent."), takes_body=False)),
    Route("POST", f"{_HERE}/skip", verb("/v1/cases/{id}/skip", _HERE, N_("The step is left out."), takes_body=False)),
    Route("POST", f"{_HERE}/resume", verb("/v1/cases/{id}/resume", _HERE, N_("It goes on."), takes_body=False)),
    Route("POST", f"{_HERE}/unmute", verb("/v1/cases/{id}/unmute", _HERE, N_("It goes on."), takes_body=False)),
)
