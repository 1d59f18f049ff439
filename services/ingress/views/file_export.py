"""Export lists as a file that is made while it is sent, read batch by batch.

Its head goes once the first part is there, so an error until then is a status and a problem as anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import structlog
from aiohttp import web

from ingress.http.context import Api
from ingress.http.responses import response_of
from ingress.http.route import Request, Response
from ingress.views import queries
from ingress.views.batches import Row
from ingress.views.queries import View
from storage.transient import is_transient

log = structlog.get_logger(__name__)

PAGE_ROWS: Final = 500  # looked for at once


async def stream_file(
    call: Request, parts: AsyncIterator[bytes], *, name: str, content_type: str
) -> Response | web.StreamResponse:
    """Answer with a file to be saved, part by part; `HEAD` gets its head alone.

    An error before the first part is raised. One after it aborts the connection, so that the client sees that the file
    is incomplete.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if call.request.method == "HEAD":
        return Response(body=b"", headers=headers, content_type=content_type)
    part = await anext(parts, b"")
    response = web.StreamResponse(headers=headers | {"Content-Type": content_type})
    response_of(response, call.id)
    await response.prepare(call.request)
    try:
        while part:
            await response.write(part)
            part = await anext(parts, b"")
        await response.write_eof()
    except Exception as error:  # noqa: BLE001  the response has begun: its status says nothing any more
        log.warning("export_broken", request_id=str(call.id), error=repr(error), transient=is_transient(error))
        if call.request.transport is not None:
            call.request.transport.abort()
    return response


def batches_of(api: Api, call: Request, view: View, **filters: Any) -> AsyncIterator[list[Row]]:
    """Everything in a list that the filters let through, batch by batch; the account's exports take turns."""
    return api.reads.in_turn(call.account_id, _batches(api, call, view, filters))


async def _batches(api: Api, call: Request, view: View, filters: dict[str, Any]) -> AsyncIterator[list[Row]]:
    before, found = None, PAGE_ROWS
    while found == PAGE_ROWS:
        found = 0
        async for batch in queries.batches(
            api.pool, view, account_id=call.account_id, before=before, limit=PAGE_ROWS, **filters
        ):
            yield batch
            before, found = batch[-1]["id"], found + len(batch)
