"""`/openapi.json` and `/docs`: the description of the API, for programs and people, from its routes.

The page is Swagger UI 5.35.0, whose files are in `swagger_ui/` as published, except for the name of a source map. They
are served from here, and the page's policy allows no other source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from ingress.http.context import Api
from ingress.http.route import Request, Response, Route

_FILES: Final = Path(__file__).parent / "swagger_ui"
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
_ASSET_HEADERS: Final = {"Cache-Control": "public, max-age=86400"}
_HTML: Final = "text/html; charset=utf-8"
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"


def make_routes(all_routes: Callable[[], Sequence[Route]]) -> tuple[Route, ...]:
    """Make the routes that describe all routes, these included; the description is built on the first request."""

    @cache
    def openapi_bytes() -> bytes:
        # Imported on use: most processes never need the library's memory.
        from ingress.api.openapi import describe  # noqa: PLC0415

        return orjson.dumps(describe(all_routes()))

    async def get_openapi(_: Api, __: Request) -> Response:
        return Response(body=openapi_bytes())

    return (
        Route("GET", "/openapi.json", "getOpenApi", get_openapi, None, "The API as OpenAPI 3.1", tag="about"),
        Route(
            "GET",
            "/docs",
            "getDocumentation",
            _file("index.html", _HTML, _PAGE_HEADERS),
            None,
            "The API as a page to read and to try",
            response_types=("text/html",),
            tag="about",
        ),
    )


def _file(name: str, content_type: str, headers: dict[str, str]) -> Any:
    @cache
    def content() -> bytes:
        return (_FILES / name).read_bytes()

    async def get_file(_: Api, __: Request) -> Response:
        return Response(body=content(), headers=headers, content_type=content_type)

    return get_file


def _asset(name: str, content_type: str) -> Route:
    return Route("GET", f"/docs/{name}", name, _file(name, content_type, _ASSET_HEADERS), None, f"{name} of the page")


ASSETS: Final = (
    _asset("swagger-ui.css", "text/css; charset=utf-8"),
    _asset("swagger-ui-bundle.js", _JAVASCRIPT),
    _asset("start.js", _JAVASCRIPT),
)
"""What the page loads; no operation of the API."""
