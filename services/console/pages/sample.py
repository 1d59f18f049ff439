"""Sample data: what it makes and what stays, loaded and removed with one click."""

from __future__ import annotations

import datetime as dt
from typing import Final

from aiohttp import web

from console import editing, sample_data
from console.api_client import Problem
from console.i18n import N_
from console.visit import Route, Visit


async def show(visit: Visit) -> web.StreamResponse:
    """What the sample is, and the button."""
    return visit.render("sample.html", is_loaded=await sample_data.is_loaded(visit.api))


async def load(visit: Visit) -> web.StreamResponse:
    """Make what is missing of it."""
    currency = visit.person.currency if visit.person else "EUR"
    try:
        await sample_data.load(visit.api, currency=currency, today=dt.datetime.now(tz=dt.UTC).date())
    except Problem as problem:
        return editing.failed(visit, "/sample-data", problem)
    return visit.go("/", visit.text(N_("The sample data are there. Look around.")))


async def remove(visit: Visit) -> web.StreamResponse:
    """Take it out again."""
    try:
        await sample_data.remove(visit.api)
    except Problem as problem:
        return editing.failed(visit, "/sample-data", problem)
    return visit.go("/sample-data", visit.text(N_("The sample data are removed.")))


ROUTES: Final = (
    Route("GET", "/sample-data", show),
    Route("POST", "/sample-data", load),
    Route("POST", "/sample-data/remove", remove),
)
