"""Reports: receivables by age and client, the trial balance, a client's statement."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from console import pictures
from console.visit import Route, Visit

ROWS: Final = 50  # of a page


async def show(visit: Visit) -> web.StreamResponse:
    """Who owes what for how long, with the picture, and the books' balances."""
    query = {name: visit.request.query.get(name) for name in ("cursor", "as_of")}
    ageing, balance = await asyncio.gather(
        visit.api.get("/v1/reports/ageing", query | {"limit": ROWS}),
        visit.api.get("/v1/reports/trial-balance", {"as_of": query["as_of"]}),
    )
    drawn = [(total, pictures.ageing(total)) for total in ageing["totals"]]
    return visit.render(
        "reports.html", ageing=ageing, balance=balance, drawn=drawn, ages=pictures.AGES, as_of=query["as_of"] or ""
    )  # fmt: skip


async def show_statement(visit: Visit) -> web.StreamResponse:
    """A client's statement of account."""
    query = {name: visit.request.query.get(name) for name in ("currency", "from", "to", "cursor")}
    client, statement = await asyncio.gather(
        visit.api.get(f"/v1/clients/{visit.id}"),
        visit.api.get(f"/v1/clients/{visit.id}/statement", query | {"limit": 200}),
    )
    return visit.render("statement.html", client=client, statement=statement, query=query)


ROUTES: Final = (
    Route("GET", "/reports", show),
    Route("GET", "/clients/{id}/statement", show_statement),
)
