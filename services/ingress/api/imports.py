"""`/v1/imports`: a file of clients or products, read within bounded memory, stored, then sent to the ledger.

2xx means that every line of it is committed here. Bad lines are listed; the others are imported, or none is.
"""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from aiohttp.helpers import parse_mimetype

from contracts.primitives.problem import FieldError
from contracts.resources.imports import FAULTS_KEPT_MAX, Import, ImportKind, OnError
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import DEFAULT_ON_CONFLICT, Model, OnConflict
from ingress.acceptance import store as acceptance
from ingress.acceptance.store import KeyTaken, Replayed
from ingress.errors import ImportAborted, KeyReused, LimitReached, NotFound, UnsupportedMediaType
from ingress.http.context import Api
from ingress.http.idempotency import REPLAYED, key_of
from ingress.http.route import Page, Request, Response, Route
from ingress.imports import store as imports
from ingress.imports.lines import CHARSETS
from ingress.imports.receive import IN_MEMORY_BYTES_MAX, Reading, spooled
from ingress.imports.records import Format, records
from ingress.imports.store import RUNNING_MAX
from ingress.imports.store import Import as ImportRecord
from ingress.views.paging import page, read_id_cursor

STORE_SECONDS_MAX: Final = 120.0

_FORMATS: Final[dict[str, Format]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
}


class ImportQuery(Model):
    """The file's content and options.

    Without `format` the Content-Type decides. `on_error`: when a line is bad, `skip` it and import the others, or
    `abort` and import none (5,000 lines at most). `on_conflict`: what happens to existing resources, as with `POST
    /v1/clients`.
    """

    kind: ImportKind
    format: Format | None = None
    on_error: OnError = "skip"
    on_conflict: OnConflict = DEFAULT_ON_CONFLICT


async def start(api: Api, call: Request) -> Response:
    """Accept a file; respond when it is done, or with 202 when that takes longer or the caller does not wait.

    Raises:
        InvalidInput: the whole file is invalid; ImportAborted: a line is bad, and nothing was imported;
        BodyTooLarge, UnsupportedMediaType, Malformed, TooSlow, KeyReused, LimitReached.
    """
    requested = call.query_as(ImportQuery)
    content_type = call.headers.get("Content-Type", "")
    form, charset = requested.format or _format_of(content_type), _charset_of(content_type)
    async with api.importer.place(call.account_id) as turn, spooled(call) as file, turn:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX) as spool:
            reading = Reading(call.id, requested.kind, requested.on_error, cast("BinaryIO", spool))
            await reading.read(
                records(file, kind=requested.kind, form=form, on_conflict=requested.on_conflict, charset=charset)
            )
            import_id, headers = await _begun(api, call, requested, form, reading)
    seconds = 0.0 if call.prefers_async else api.settings.answer_seconds
    found = await api.importer.finished(call.account_id, import_id, seconds=seconds)
    if found is None:
        raise NotFound
    if found.state == "running":
        if call.prefers_async:
            headers = headers | {"Preference-Applied": "respond-async"}
        location = f"/v1/operations/{found.id}"
        body = {"id": str(found.id), "state": "pending", "location": location, "progress": f"{_PATH}/{found.id}"}
        return Response(202, body, headers | {"Location": location})
    if found.state == "aborted":
        raise aborted(found)
    return Response(201, show(found), headers | {"Location": f"/v1/imports/{found.id}"})


def _format_of(content_type: str) -> Format:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _FORMATS:
        raise UnsupportedMediaType(f"say format=csv or format=jsonl, or send one of {', '.join(_FORMATS)}")
    return _FORMATS[kind]


def _charset_of(content_type: str) -> str | None:
    """The charset of a content type, as `records` expects it.

    Raises:
        UnsupportedMediaType: it is unsupported.
    """
    named = parse_mimetype(content_type).parameters.get("charset", "").strip().lower()
    if not named:
        return None
    charset = CHARSETS.get(named.replace("_", "-"))
    if charset is None:
        raise UnsupportedMediaType(f"the charset {named[:50]!r} is not read here: send one of {', '.join(CHARSETS)}")
    return charset


async def _begun(
    api: Api, call: Request, requested: ImportQuery, form: Format, reading: Reading
) -> tuple[UUID, dict[str, str]]:
    """Store the import with all its lines in one transaction, or find the one that this request began before."""
    key = key_of(call)
    async with (
        asyncio.timeout(STORE_SECONDS_MAX),
        api.pool.acquire() as conn,
        conn.transaction(),
    ):
        if key is not None:
            match await acceptance.claim_key(conn, account_id=call.account_id, key=key, command_id=call.id):
                case Replayed(command_id=import_id):
                    return import_id, dict(REPLAYED)
                case KeyTaken():
                    raise KeyReused
        begun = await imports.begin(
            conn,
            account_id=call.account_id,
            identifier=call.id,
            kind=requested.kind,
            form=form,
            on_error=requested.on_error,
            on_conflict=requested.on_conflict,
            path=call.route.path,
        )
        if not begun:
            raise LimitReached(f"at most {RUNNING_MAX} imports of an account are waiting: wait until some have ended")
        await reading.store(conn, call.account_id)
        await imports.set_read(
            conn,
            account_id=call.account_id,
            import_id=call.id,
            state=reading.state,
            lines=reading.lines,
            refused=reading.refused,
            faults=reading.faults,
        )
    api.importer.wake()
    return call.id, {}


async def list_all(api: Api, call: Request) -> Response:
    """The account's imports, newest first."""
    requested = call.query_as(Page)
    rows = await imports.list_newest(
        api.pool, account_id=call.account_id, before=read_id_cursor(call), limit=requested.limit + 1
    )
    return Response(200, page(call, rows, show=show, key=lambda row: (row.id,)))


async def get(api: Api, call: Request) -> Response:
    """One import: how far it is, and which lines were bad."""
    found = await imports.find(api.pool, account_id=call.account_id, identifier=call.id_of())
    if found is None:
        raise NotFound
    return Response(200, show(found))


def show(one: ImportRecord) -> dict[str, Any]:
    """An import's response, with the counts so far."""
    return {
        "id": str(one.id),
        **{name: getattr(one, name) for name in ("kind", "format", "on_error", "on_conflict", "state", "lines")},
        **{name: getattr(one, name) for name in ("handled", "created", "updated", "unchanged", "refused")},
        "errors": sorted(one.faults, key=lambda fault: fault["line"])[:FAULTS_KEPT_MAX],
        "created_at": one.created_at.isoformat(),
        "finished_at": one.finished_at.isoformat() if one.finished_at else None,
    }


def aborted(one: ImportRecord) -> ImportAborted:
    """The error of an aborted import, with its bad lines."""
    faults = [
        FieldError(f"lines[{fault['line']}].{fault['path']}".rstrip("."), fault["message"]) for fault in one.faults
    ]
    return ImportAborted(f"{one.refused} of {one.lines} lines are bad; see /v1/imports/{one.id}", faults=faults)


_PATH = "/v1/imports"

ROUTES = (
    Route(
        "POST", _PATH, "createImport", start, "write", "Import clients or products from a file of CSV or JSON lines",
        request_type="lines", query=ImportQuery, response_model=Import, status=201, seconds_max=None,
        tag="imports",
    ),
    Route(
        "GET", _PATH, "listImports", list_all, "read", "List imports",
        query=Page, response_model=ResourcePage[Import], tag="imports",
    ),
    Route(
        "GET", _PATH + "/{id}", "getImport", get, "read", "How far an import is, and which lines were bad",
        response_model=Import, tag="imports",
    ),
)  # fmt: skip
