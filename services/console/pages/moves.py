"""Move many invoices to another collector at once: choose among the open ones of clients, then the result by client."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from console.api_client import Problem
from console.forms import KEY_FIELD, Field, Filled
from console.i18n import N_
from console.pages.cases import collectors_of
from console.visit import Route, Visit

CLIENTS_MAX: Final = 50  # a page of accounts
INVOICES_MAX: Final = 200  # that the API moves together
AT_ONCE: Final = 8  # clients that are read side by side
FIELDS: Final = (
    Field("collector_id", N_("To")), Field("note", N_("Note"), "area"), Field("invoice_ids", N_("Invoices"), "choices"),
)  # fmt: skip
_SERVER_FAULT: Final = 500
_NOT_TYPED: Final = (401, 404)


async def _cases(visit: Visit, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The open cases of clients, each with its open invoices."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def of_client(client_id: str) -> list[dict[str, Any]]:
        async with gate:
            cases, sales = await asyncio.gather(
                visit.api.get("/v1/cases", {"client_id": client_id, "limit": INVOICES_MAX}),
                visit.api.get("/v1/sales", {"client_id": client_id, "status": "issued", "limit": INVOICES_MAX}),
            )
        known = {one["id"]: one for one in sales["items"]}
        return [
            dict(case) | {"sales": [known[one] for one in case["sale_ids"] if one in known]} for case in cases["items"]
        ]

    found = await asyncio.gather(*(of_client(one) for one in ids))
    return [case for cases in found for case in cases if case["sales"]]


async def show(visit: Visit) -> web.StreamResponse:
    """The invoices of the clients that were ticked, all chosen."""
    ids = list(dict.fromkeys(visit.request.query.getall("client_id", [])))[:CLIENTS_MAX]
    if not ids:
        return visit.go("/cases?view=list", visit.text(N_("Tick the clients first.")), failed=True)
    return await _render(visit, ids, Filled())


async def _render(visit: Visit, ids: Sequence[str], filled: Filled, *, status: int = 200) -> web.StreamResponse:
    cases, collectors = await asyncio.gather(_cases(visit, ids), collectors_of(visit))
    every = [sale["id"] for case in cases for sale in case["sales"]]
    chosen = set(filled.values.get("invoice_ids", "").split("\n")) if filled.values else set(every)
    return visit.render(
        "move.html", status=status, cases=cases, collectors=collectors, filled=filled, chosen=chosen, ids=ids,
        invoices_max=INVOICES_MAX,
    )  # fmt: skip


async def move(visit: Visit) -> web.StreamResponse:
    """Move what is ticked, all of it or nothing; the result names each client."""
    form = await visit.read_form()
    ids = [one for one in form.get("client_id", "").split("\n") if one][:CLIENTS_MAX]
    chosen = [one for one in form.get("invoice_ids", "").split("\n") if one]
    body = {"collector_id": form.get("collector_id", ""), "invoice_ids": chosen}
    if form.get("note", "").strip():
        body["note"] = form["note"].strip()
    try:
        moved = await visit.api.post("/v1/invoices/move", body, key=form.get(KEY_FIELD))
    except Problem as problem:
        if problem.status >= _SERVER_FAULT or problem.status in _NOT_TYPED:
            raise
        filled = Filled(form).with_faults(problem.faults, FIELDS, problem)
        return await _render(visit, ids, filled, status=problem.status)
    return visit.render("moved.html", moves=_each(moved))


def _each(moved: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [moved, *moved["other_clients"]]


ROUTES: Final = (
    Route("GET", "/moves/new", show),
    Route("POST", "/moves/new", move),
)
