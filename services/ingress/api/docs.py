"""`/openapi.json` and `/docs`: the API described, for programs and for people, from the routes that answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from html import escape
from typing import Any, Final

import orjson

from ingress.http.context import Api
from ingress.http.route import Request, Response, Route

# The page is whole by itself: it loads nothing and runs nothing.
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin: 2rem 0 .5rem; text-transform: capitalize }
details { border-top: 1px solid #8884; padding: .4rem 0 }
summary { cursor: pointer }
code, .verb { font-family: ui-monospace, monospace; font-size: .9rem }
.verb { display: inline-block; width: 4.5rem; font-weight: bold }
.say { opacity: .75 }
table { border-collapse: collapse; margin: .5rem 0 .5rem 4.5rem }
td { padding: .1rem 1rem .1rem 0; vertical-align: top }
"""
_VERBS: Final = ("get", "post", "put", "patch", "delete")


def page(api: dict[str, Any]) -> str:
    """The page for an OpenAPI document: operations by tag, each with its parameters and fields."""
    sections = "".join(_section(api, tag["name"]) for tag in api["tags"])
    title = f"{escape(api['info']['title'])} API {escape(api['info']['version'])}"
    webhooks = "".join(_operation(api, key, "hook", item["post"]) for key, item in api["webhooks"].items())
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1><p>{escape(api['info']['description'])}</p>"
        f'<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>{sections}'
        f"<h2>Triggers</h2><p>What hooks are told.</p>{webhooks}</body></html>"
    )


def _section(api: dict[str, Any], tag: str) -> str:
    rows = [
        _operation(api, path, verb, item[verb])
        for path, item in api["paths"].items()
        for verb in _VERBS
        if verb in item and tag in item[verb].get("tags", ())
    ]
    return f"<h2>{escape(tag)}</h2>{''.join(rows)}"


def _operation(api: dict[str, Any], path: str, verb: str, operation: dict[str, Any]) -> str:
    rows = "".join(_row(*row) for row in (*_parameters(api, operation), *_fields(api, operation)))
    more = f'<p class="say">{escape(operation["description"])}</p>' if "description" in operation else ""
    return (
        f'<details><summary><span class="verb">{verb.upper()}</span> <code>{escape(path)}</code>'
        f' <span class="say">{escape(operation["summary"])}</span></summary>{more}<table>{rows}</table></details>'
    )


def _parameters(api: dict[str, Any], operation: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    for given in operation.get("parameters", ()):
        parameter = _resolved(api, given)
        needed = ", required" if parameter.get("required") else ""
        yield parameter["name"], parameter["in"] + needed, _kind(parameter["schema"])


def _fields(api: dict[str, Any], operation: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    content = operation.get("requestBody", {}).get("content", {})
    model = _resolved(api, content.get("application/json", {}).get("schema", {}))
    for name, schema in model.get("properties", {}).items():
        yield name, "body, required" if name in model.get("required", ()) else "body", _kind(schema)


def _resolved(api: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found: Any = given
    if "$ref" in given:
        found = api
        for step in given["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return dict(found)


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(choice) for choice in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _row(name: str, place: str, kind: str) -> str:
    return f'<tr><td><code>{escape(name)}</code></td><td class="say">{escape(place)}</td><td>{escape(kind)}</td></tr>'


def make_routes(all_routes: Callable[[], Sequence[Route]]) -> tuple[Route, ...]:
    """Make the routes that describe all routes, these included; the description is built on the first request."""

    @cache
    def description() -> dict[str, Any]:
        # Imported on use: the library takes memory that most processes never need.
        from ingress.api.openapi import describe  # noqa: PLC0415

        return describe(all_routes())

    @cache
    def openapi_bytes() -> bytes:
        return orjson.dumps(description())

    @cache
    def page_bytes() -> bytes:
        return page(description()).encode()

    async def get_openapi(_: Api, __: Request) -> Response:
        return Response(body=openapi_bytes())

    async def get_docs(_: Api, __: Request) -> Response:
        return Response(body=page_bytes(), headers=_PAGE_HEADERS, content_type="text/html; charset=utf-8")

    return (
        Route("GET", "/openapi.json", "getOpenApi", get_openapi, None, "The API as OpenAPI 3.1", tag="about"),
        Route(
            "GET",
            "/docs",
            "getDocumentation",
            get_docs,
            None,
            "The API as a page",
            response_types=("text/html",),
            tag="about",
        ),
    )
