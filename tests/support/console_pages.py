"""The pages of the console, from its routes: for the crawl of all of them, their pictures and their measurements."""

from __future__ import annotations

from typing import Final

from console.routes import ROUTES
from tests.support.console_scene import Scene

NO_PAGES: Final = {
    "/sign-in": "leads to the sign-in page of the API", "/callback": "leads from it to a page",
    "/set-up": "leads to the home page where there is an account; a story of the first steps looks at it",
    "/home/events": "a part of the home page", "/home/money-in": "a part of the home page",
    "/automations/{id}/backtest/counts": "a part of the backtest",
    "/journey/{id}/lanes": "a part of the journey",
    "/inbox/{box}/{id}/totals": "a part of the message", "/reports/ageing": "a part of the board",
    "/reports/trial-balance": "a part of the reports", "/events/stream": "a stream",
    "/journey/{id}/stream": "a stream", "/pick/clients": "a part of the editor",
    "/pick/products": "a part of the editor", "/payments/client": "a part of the form of a payment",
    "/sales/{id}/pdf": "a file", "/sales/{id}/formats/{form}": "a file", "/bills/{id}/file": "a file",
    "/inbox/{box}/{id}/{part:raw|file}": "a file", r"/inbox/{box}/{id}/attachments/{number:\d+}": "a file",
    "/export/{kind}": "a file", "/settings/logo": "a file", "/messages/{id}/source": "a file",
    r"/messages/{id}/attachments/{number:\d+}": "a file", "/calls/next": "leads to a call",
    **dict.fromkeys(
        (f"/{kind}{end}" for kind in ("runs", "deliveries", "imports") for end in ("/stream", "/{id}/stream")),
        "a stream; the stories of live parts read them",
    ),
}  # fmt: skip
PAGES: Final = sorted({route.path for route in ROUTES if route.method == "GET"} - NO_PAGES.keys() - {""})


def place(scene: Scene, path: str) -> str:
    """The path of a page: with an id of the scene where it is about one thing."""
    for known in sorted(scene.places, key=len, reverse=True):
        if path == known or path.startswith(known + "/"):
            given = scene.places[known]
            rest = path.removeprefix(known).replace("{deed}", "pause")
            return (given if given.startswith("/") else known.replace("{id}", given)) + rest
    asked = {"/find": "?query=Ozola", "/moves/new": f"?client_id={scene.client['id']}"}
    return path.replace("{box}", "purchases") + asked.get(path, "")
