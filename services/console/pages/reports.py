"""Reports: receivables by age and client, the trial balance, a client's statement."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console import pictures
from console.api_client import Problem
from console.forms import Field, Filled
from console.i18n import N_
from console.visit import Route, Visit

ROWS: Final = 50  # of a page
INVALID: Final = 422
DATES: Final = (Field("from", N_("From"), "date"), Field("to", N_("To"), "date"))


async def show(visit: Visit) -> web.StreamResponse:
    """Who owes what for how long, with the chart, and the trial balance."""
    query = {name: visit.request.query.get(name) for name in ("cursor", "as_of")}
    ageing = await visit.api.get("/v1/reports/ageing", query | {"limit": ROWS})
    drawn = [(total, pictures.ageing(total)) for total in ageing["totals"]]
    return visit.render(
        "reports.html", ageing=ageing, drawn=drawn, ages=pictures.AGES, as_of=query["as_of"] or ""
    )  # fmt: skip


async def show_trial_balance(visit: Visit) -> web.StreamResponse:
    """The trial balance, as a part of the reports: with very many postings it takes as long as all the rest."""
    query = {"as_of": visit.request.query.get("as_of")}
    return visit.render("trial_balance.html", balance=await visit.api.get("/v1/reports/trial-balance", query))


async def show_ageing(visit: Visit) -> web.StreamResponse:
    """What is owed by age in the account's currency, else in another, as a part of another page."""
    totals = (await visit.api.get("/v1/reports/ageing", {"limit": 1}))["totals"]
    currency = visit.person.currency if visit.person else ""
    total = next((one for one in totals if one["currency"] == currency), next(iter(totals), None))
    bars = pictures.ageing(total) if total else []
    return visit.render("ageing_part.html", total=total, bars=bars, ages=pictures.AGES)


async def show_statement(visit: Visit) -> web.StreamResponse:
    """A client's statement of account."""
    query = {name: visit.request.query.get(name) for name in ("currency", "from", "to", "cursor")}
    client = await visit.api.get(f"/v1/clients/{visit.id}")
    try:
        statement = await visit.api.get(f"/v1/clients/{visit.id}/statement", query | {"limit": 200})
    except Problem as problem:
        if problem.status != INVALID:
            raise
        filled = Filled().with_faults(problem.faults, DATES, problem)
        return visit.render(
            "statement.html", status=INVALID, client=client, statement={"items": []}, query=query, filled=filled
        )
    return visit.render("statement.html", client=client, statement=statement, query=query)


ROUTES: Final = (
    Route("GET", "/reports", show),
    Route("GET", "/reports/trial-balance", show_trial_balance),
    Route("GET", "/reports/ageing", show_ageing),
    Route("GET", "/clients/{id}/statement", show_statement),
)
