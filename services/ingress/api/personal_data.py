"""`/v1/clients/{id}/personal-data`: everything that is kept about a client, as one JSON file, read batch by batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web

from contracts.resources import (
    call as calls,
)
from contracts.resources import (
    client,
    dispute,
    inbox_message,
    messages,
    note,
    payment,
    promise,
    sale,
)
from contracts.resources.personal_data import PersonalData
from contracts.urls import PublicUrls
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views import queries, responses
from ingress.views.batches import Row
from ingress.views.file_export import batches_of, stream_file
from ingress.views.queries import View

TYPE: Final = "application/json"

Section = tuple[str, View, Callable[[Row], dict[str, Any]]]
"""A list of the file: its name, what is read, and how a row is shown."""


def _sections(urls: PublicUrls) -> tuple[Section, ...]:
    return (
        ("sales", queries.SALES, partial(sale.from_row, urls=urls)),
        ("payments", queries.PAYMENTS, payment.from_row),
        ("messages", queries.MESSAGES, partial(messages.from_row, path=urls.messages)),
        ("notes", queries.NOTES, note.from_row),
        ("calls", queries.CALLS, calls.from_row),
        ("disputes", queries.DISPUTES, dispute.from_row),
        ("promises", queries.PROMISES, promise.from_row),
        ("orders", queries.INBOX_MESSAGES, partial(inbox_message.from_row, urls=urls)),
    )


async def export_personal_data(api: Api, call: Request) -> Response | web.StreamResponse:
    """Export what is kept about a client."""
    row = await responses.row_of(api, call, queries.CLIENTS)
    parts = _parts(api, call, client.from_row(row))
    return await stream_file(call, parts, name=f"client-{row['id']}.json", content_type=TYPE)


async def _parts(api: Api, call: Request, person: dict[str, Any]) -> AsyncIterator[bytes]:
    exported_at = orjson.dumps(datetime.now(tz=UTC).isoformat())
    made = b'{"exported_at":' + exported_at + b',"client":' + orjson.dumps(person)
    for name, view, show in _sections(api.urls):
        made, separator = made + b"," + orjson.dumps(name) + b":[", b""
        async for batch in batches_of(api, call, view, client_id=call.id_of()):
            yield made + separator + b",".join(orjson.dumps(show(one)) for one in batch)
            made, separator = b"", b","
        made += b"]"
    yield made + b"}"


ROUTES = (
    Route(
        "GET", "/v1/clients/{id}/personal-data", "exportPersonalData", export_personal_data, "read",
        "Export everything that is kept about a client", response_model=PersonalData, response_types=(TYPE,),
        seconds_max=None, tag="clients",
    ),
)  # fmt: skip
