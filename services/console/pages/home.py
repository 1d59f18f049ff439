"""Home: what waits for the person, receivables by age, money that came in, the newest events; and how to begin."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from console import pictures
from console.i18n import N_
from console.visit import PEOPLE_MAX, Route, Visit

WEEKS: Final = 12  # a quarter of money coming in
STARTERS: Final = 2  # collectors that every account begins with
WAITING: Final = (
    ("purchases", "/inbox/purchases?state=received", N_("Documents of suppliers")),
    ("orders", "/inbox/sales?state=received", N_("Orders")),
    ("overdue_invoices", "/sales?overdue=true", N_("Overdue invoices")),
    ("drafts", "/sales?status=draft", N_("Drafts")),
    ("calls", "/calls", N_("Calls to make")),
    ("reminders", "/cases?state=pending", N_("Reminders that wait for you")),
    ("replies", "/replies?needs_response=true", N_("Replies to answer")),
    ("unmatched_replies", "/replies?unmatched=true", N_("Replies from unknown senders")),
    ("idle_debtors", "/cases?state=idle", N_("Debtors without a next step")),
    ("failed_runs", "/runs?state=failed", N_("Failed runs")),
    ("failed_deliveries", "/deliveries?state=failed", N_("Failed deliveries")),
)


async def _waiting(visit: Visit) -> list[dict[str, Any]]:
    counted = await visit.api.get("/v1/waiting")
    return [
        {
            "link": link,
            "text": text,
            "count": f"{counted[name]}{'+' if counted[name] >= counted['counted_up_to'] else ''}",
        }
        for name, link, text in WAITING
        if counted[name]
    ]


async def show(visit: Visit) -> web.StreamResponse:
    """The page that one begins with."""
    waiting, usage, steps, events = await asyncio.gather(
        _waiting(visit), visit.api.get("/v1/usage"), _first_steps(visit), _events(visit)
    )
    return visit.render(
        "home.html", waiting=waiting, usage=usage, steps=steps, events=events, is_fresh=not usage["clients"]["used"]
    )


async def show_money_in(visit: Visit) -> web.StreamResponse:
    """The money that came in by week, for the page that is shown already."""
    today = dt.datetime.now(tz=ZoneInfo(visit.time_zone)).date()
    first = pictures.mondays(today, WEEKS)[0]
    report = await visit.api.get("/v1/reports/money-in", {"from": first, "to": today, "by": "week"})
    weeks = pictures.weeks(
        report["items"], currency=visit.person.currency if visit.person else "", today=today, count=WEEKS
    )
    return visit.render(
        "home_money.html", weeks=weeks, points=pictures.line([amount for _, amount in weeks]),
        came_in=sum((amount for _, amount in weeks), Decimal(0)),
    )  # fmt: skip


async def _first_steps(visit: Visit) -> list[tuple[bool, str, str]]:
    """What is to be done first, each done or not; nothing once all of it is, which is asked until then only."""
    begun, account_id = visit.parts.begun, str(visit.person.account["id"]) if visit.person else ""
    if account_id in begun:
        return []
    clients, channels, hooks, automations, collectors, account = await asyncio.gather(
        visit.api.get("/v1/clients", {"limit": 1}), visit.api.get("/v1/channels", {"limit": 1}),
        visit.api.get("/v1/hooks", {"limit": 1}), visit.api.get("/v1/automations", {"limit": 1}),
        visit.api.get("/v1/collectors", {"limit": STARTERS + 1}), visit.api.get("/v1/account"),
    )  # fmt: skip
    steps = [
        (bool(account["legal_name"] or account["vat_number"]), "/settings", N_("Complete your company's profile")),
        (bool(clients["items"]), "/clients/new", N_("Create your first client, or import your list")),
        (bool(channels["items"]), "/channels", N_("Activate a channel for documents of suppliers")),
        (bool(hooks["items"] or automations["items"]), "/automations/new", N_("Make an automation or a hook")),
        (
            _is_own(collectors["items"]),
            "/collectors",
            N_("Say how clients are reminded: change a collector, or make one"),
        ),
    ]
    if not all(done for done, _, _ in steps):
        return steps
    if len(begun) < PEOPLE_MAX:
        begun.add(account_id)
    return []


def _is_own(collectors: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a user has made or changed a collector: every account begins with `STARTERS` of version 1."""
    return len(collectors) > STARTERS or any(one["version"] > 1 for one in collectors)


async def _events(visit: Visit) -> list[dict[str, Any]]:
    return list((await visit.api.get("/v1/events", {"limit": 10}))["items"])


async def show_events(visit: Visit) -> web.StreamResponse:
    """The newest events alone, for a page that is open while they happen."""
    return visit.render("home_events.html", events=await _events(visit))


async def find(visit: Visit) -> web.StreamResponse:
    """Clients by what they are called, documents by their number or client."""
    query = visit.request.query.get("query", "").strip()[:200]
    if not query:
        return visit.go("/clients")
    clients, sales = await asyncio.gather(
        visit.api.get("/v1/clients", {"query": query, "limit": 20}),
        visit.api.get("/v1/sales", {"query": query, "limit": 20}),
    )
    return visit.render("find.html", query=query, clients=clients["items"], sales=sales["items"])


ROUTES: Final = (
    Route("GET", "", show),
    Route("GET", "/", show),
    Route("GET", "/home/events", show_events),
    Route("GET", "/home/money-in", show_money_in),
    Route("GET", "/find", find),
)
