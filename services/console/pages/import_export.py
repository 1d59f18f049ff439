"""Imports with progress and bad lines, and exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from aiohttp import web

from console import csv_heading, editing, field_names, listing, live
from console.api_client import Pending, Problem
from console.forms import Option
from console.i18n import N_
from console.listing import Column, Listing
from console.visit import Route, Visit

IMPORT_BYTES_MAX: Final = 20 * 1024 * 1024  # as the API takes
EXPORTED: Final = ("clients", "products", "suppliers", "sales", "payments")
KINDS: Final = ("clients", "products")
LISTING: Final = Listing(
    title=N_("Imports"),
    api_path="/v1/imports",
    path="/imports",
    columns=(
        Column("created_at", N_("Time"), "moment"),
        Column("kind", N_("Kind"), "label"),
        Column("state", N_("Status"), "badge"),
        Column("lines", N_("Lines"), "number"),
        Column("created", N_("Created"), "number"),
        Column("updated", N_("Changed"), "number"),
        Column("refused", N_("Refused"), "number"),
    ),
    row="/imports/{id}",
    new=("/imports/new", N_("Import a file")),
    empty=N_("No import yet. Bring your clients or products as a CSV file."),
    stream="/imports/stream",
)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The imports, newest first."""
    return await listing.show(visit, LISTING)


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form."""
    kinds = [Option(kind, kind) for kind in KINDS]
    fields = {kind: [(one, _name(visit, one)) for one in csv_heading.FIELDS[kind]] for kind in KINDS}
    return visit.render(
        "import_new.html", kinds=kinds, chosen=visit.request.query.get("kind", "clients"), fields=fields,
        left_out=csv_heading.LEFT_OUT,
    )  # fmt: skip


def _name(visit: Visit, path: str) -> str:
    """What a column holds, in the person's language: `address.city` as address and city."""
    return ": ".join(visit.text(field_names.name_of(step)) for step in path.split("."))


async def create(visit: Visit) -> web.StreamResponse:
    """Pass the file on to the API and follow it; what it refuses as a whole is said on the form."""
    query = {name: visit.request.query.get(name, "") for name in ("kind", "format", "on_error", "on_conflict")}
    reader = await visit.request.multipart()
    part = await reader.next()
    while part is not None and (not isinstance(part, aiohttp.BodyPartReader) or part.name != "file"):
        part = await reader.next()
    if part is None:
        return visit.go(f"/imports/new?kind={query['kind']}", visit.text(N_("Choose a file.")), failed=True)
    content = csv_heading.with_columns(await _read(part), visit.request.query.get("columns", "").split(","))
    headers = {
        "Content-Type": "application/x-ndjson" if query["format"] == "jsonl" else "text/csv",
        "Prefer": "respond-async",
    }  # fmt: skip
    try:
        async with visit.api.open("POST", "/v1/imports", data=content, headers=headers, query=query) as reply:
            made: dict[str, Any] = await reply.json()
    except Problem as problem:
        return editing.failed(visit, f"/imports/new?kind={query['kind']}", problem)
    return visit.go(f"/imports/{made['id']}")


async def _read(part: aiohttp.BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        content += chunk
        if len(content) > IMPORT_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(IMPORT_BYTES_MAX, len(content))
    return bytes(content)


async def show(visit: Visit) -> web.StreamResponse:
    """One import with its progress."""
    try:
        found = await visit.api.get(f"/v1/imports/{visit.id}")
    except Pending:
        found = None
    template = "import_progress.html" if visit.is_part else "import.html"
    return visit.render(template, found=found, seen=live.digest(found), has_ended=_has_ended(found))


def _has_ended(found: Mapping[str, Any] | None) -> bool:
    return found is not None and found["state"] != "running"


async def watch_list(visit: Visit) -> web.StreamResponse:
    """Imports as they go on."""
    return await listing.watch(visit, LISTING)


async def watch(visit: Visit) -> web.StreamResponse:
    """The progress of one import."""
    return await live.watch(visit, f"/v1/imports/{visit.id}", has_ended=_has_ended)


async def export(visit: Visit) -> web.StreamResponse:
    """Everything of a kind, as a CSV file."""
    kind = visit.request.match_info["kind"]
    if kind not in EXPORTED:
        raise web.HTTPNotFound
    async with visit.api.open("GET", f"/v1/{kind}/export", query={"format": "csv"}) as reply:
        headers = {
            "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f'attachment; filename="{kind}.csv"',
        }  # fmt: skip
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(visit.request)
        async for chunk in reply.content.iter_chunked(64 * 1024):
            await answer.write(chunk)
        await answer.write_eof()
    return answer


ROUTES: Final = (
    Route("GET", "/imports", show_list),
    Route("GET", "/imports/new", show_new),
    Route("POST", "/imports/new", create),
    Route("GET", "/imports/stream", watch_list),
    Route("GET", "/imports/{id}", show),
    Route("GET", "/imports/{id}/stream", watch),
    Route("GET", "/export/{kind}", export),
)
