"""Home: what waits for the person, and how the money stands."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.visit import Route, Visit


async def show(visit: Visit) -> web.StreamResponse:
    """The page that one begins with."""
    sales = await visit.api.get("/v1/sales", {"limit": 5})
    return visit.render("home.html", sales=sales["items"])


ROUTES: Final = (Route("GET", "", show), Route("GET", "/", show))
