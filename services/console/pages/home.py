"""Home: what waits for the person, receivables by age, money that came in, the newest events; and how to begin."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from console import pictures
from console.i18n import N_
from console.visit import Route, Visit

WEEKS: Final = 12  # a quarter of money coming in
COUNTED_MAX: Final = 100  # of each thing that waits; more is shown as 100 and more
PAYMENTS_MAX: Final = 200  # a page of the API: more payments a quarter are drawn from the newest
WAITING: Final = (
    ("/v1/inbox/purchases", {"state": "received"}, "/inbox/purchases?state=received", N_("Documents of suppliers")),
    ("/v1/inbox/sales", {"state": "received"}, "/inbox/sales?state=received", N_("Orders")),
    ("/v1/sales", {"overdue": "true"}, "/sales?overdue=true", N_("Overdue invoices")),
    ("/v1/sales", {"status": "draft"}, "/sales?status=draft", N_("Drafts")),
    ("/v1/calls", {"due": "true"}, "/calls", N_("Calls to make")),
    ("/v1/cases", {"state": "pending"}, "/cases?state=pending", N_("Reminders that wait for you")),
    ("/v1/messages", {"needs_response": "true"}, "/replies?needs_response=true", N_("Replies to answer")),
    ("/v1/messages", {"unmatched": "true"}, "/replies?unmatched=true", N_("Replies of nobody we know")),
    ("/v1/cases", {"state": "idle"}, "/cases?state=idle", N_("Debtors without a next step")),
    ("/v1/runs", {"state": "failed"}, "/runs?state=failed", N_("Failed runs")),
    ("/v1/deliveries", {"state": "failed"}, "/deliveries?state=failed", N_("Failed deliveries")),
)


async def _waiting(visit: Visit) -> list[dict[str, Any]]:
    pages = await asyncio.gather(
        *(visit.api.get(path, query | {"limit": COUNTED_MAX}) for path, query, _, _ in WAITING)
    )
    found = []
    for page, (_, _, link, text) in zip(pages, WAITING, strict=True):
        if page["items"]:
            more = "+" if page["next_cursor"] else ""
            found.append({"link": link, "text": text, "count": f"{len(page['items'])}{more}"})
    return found


async def show(visit: Visit) -> web.StreamResponse:
    """The page that one begins with."""
    waiting, ageing, payments, usage, clients, channels, hooks, automations, account = await asyncio.gather(
        _waiting(visit), visit.api.get("/v1/reports/ageing", {"limit": 1}),
        visit.api.get("/v1/payments", {"limit": PAYMENTS_MAX, "status": "confirmed"}), visit.api.get("/v1/usage"),
        visit.api.get("/v1/clients", {"limit": 1}), visit.api.get("/v1/channels", {"limit": 1}),
        visit.api.get("/v1/hooks", {"limit": 1}), visit.api.get("/v1/automations", {"limit": 1}),
        visit.api.get("/v1/account"),
    )  # fmt: skip
    steps = (
        (bool(account["legal_name"] or account["vat_number"]), "/settings", N_("Complete your company's profile")),
        (bool(clients["items"]), "/clients/new", N_("Create your first client, or import your list")),
        (bool(channels["items"]), "/channels", N_("Activate a channel for documents of suppliers")),
        (bool(hooks["items"] or automations["items"]), "/automations/new", N_("Make an automation or a hook")),
    )
    currency = account["currency"]
    total = next((one for one in ageing["totals"] if one["currency"] == currency), None) or next(
        iter(ageing["totals"]), None
    )
    own = [one for one in payments["items"] if one["currency"] == (total or account)["currency"]]
    weeks = pictures.weeks(own, today=dt.datetime.now(tz=dt.UTC).date(), count=WEEKS)
    return visit.render(
        "home.html", waiting=waiting, total=total, bars=pictures.ageing(total) if total else [], ages=pictures.AGES,
        totals=ageing["totals"], weeks=weeks, points=pictures.line([amount for _, amount in weeks]),
        came_in=sum((amount for _, amount in weeks), Decimal(0)), usage=usage,
        is_fresh=not clients["items"],
        steps=[] if all(done for done, _, _ in steps) else steps, events=await _events(visit),
    )  # fmt: skip


async def _events(visit: Visit) -> list[dict[str, Any]]:
    return list((await visit.api.get("/v1/events", {"limit": 10}))["items"])


async def show_events(visit: Visit) -> web.StreamResponse:
    """The newest events alone, for a page that is open while they happen."""
    return visit.render("home_events.html", events=await _events(visit))


async def find(visit: Visit) -> web.StreamResponse:
    """Clients by what they are called, documents by their number."""
    query = visit.request.query.get("query", "").strip()[:200]
    if not query:
        return visit.go("/clients")
    clients, sales = await asyncio.gather(
        visit.api.get("/v1/clients", {"query": query, "limit": 20}),
        visit.api.get("/v1/sales", {"number": query, "limit": 20}),
    )
    return visit.render("find.html", query=query, clients=clients["items"], sales=sales["items"])


ROUTES: Final = (
    Route("GET", "", show),
    Route("GET", "/", show),
    Route("GET", "/home/events", show_events),
    Route("GET", "/find", find),
)
