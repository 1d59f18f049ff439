"""The step `send_direct`: a sales document into the buyer's purchase inbox, as PayTraq Direct or UBL."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from action_executor.actions.context import StepContext
from action_executor.actions.external import outcome_of, way_of
from action_executor.actions.sale_files import MadeFile, NotMade, make_sale_file
from action_executor.connections.rules import origin_of
from action_executor.http_client import OutboundRequest, OutboundResponse
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome, wrong_input

SEND_SECONDS: Final = 60.0  # the other side reads and keeps a large document before it answers
DOCUMENT_SHOWN_MAX: Final = 100_000  # characters of a document in a dry run

_MESSAGE_ID: Final = re.compile(rb"message_id\W{1,6}([0-9A-Za-z-]{8,60})")
_DUPLICATE: Final = re.compile(rb"duplicate\W{1,6}(true|false)")


async def send_direct(call: StepCall, context: StepContext) -> StepOutcome:
    """Post the document: output `{"status", "sale_id", "message_id", "duplicate"}`.

    The other side recognises a document that comes again, so that a repeated step delivers it once.
    """
    way = await way_of(call, context, "http")
    if isinstance(way, Failed):
        return way
    made = await _document(call, context)
    if isinstance(made, Failed):
        return made
    headers = {"Content-Type": "application/xml", "Idempotency-Key": str(call.command_id), **way.headers}
    request = OutboundRequest("POST", way.url, headers, made.content, timeout_seconds=SEND_SECONDS)
    answer = await context.http_client.call(request)
    if isinstance(answer, OutboundResponse) and 200 <= answer.status < 300:  # noqa: PLR2004  HTTP's "success"
        return Done(_receipt(call, answer))
    return await outcome_of(call, context, way, answer)


async def show_direct(call: StepCall, context: StepContext) -> StepOutcome:
    """Show the document that would be posted, and the server that would get it."""
    way = await way_of(call, context, "http")
    if isinstance(way, Failed):
        return way
    if refusal := context.http_client.refusal(way.url):
        return wrong_input("url", refusal.reason)
    made = await _document(call, context)
    if isinstance(made, Failed):
        return made
    document = made.content.decode()[:DOCUMENT_SHOWN_MAX]
    return Done({"server": origin_of(way.url), "content_type": made.content_type, "document": document})


async def _document(call: StepCall, context: StepContext) -> MadeFile | Failed:
    try:
        return await make_sale_file(
            context.pool,
            context.urls,
            account_id=call.run.account_id,
            sale_id=UUID(str(call.input["sale_id"])),
            kind=call.input.get("format", "paytraq"),
        )
    except NotMade as error:
        return wrong_input("sale_id", str(error))


def _receipt(call: StepCall, answer: OutboundResponse) -> dict[str, Any]:
    """What the other side says of the document, in JSON or XML; null for one that says nothing."""
    message_id, duplicate = _MESSAGE_ID.search(answer.body), _DUPLICATE.search(answer.body)
    return {
        "status": answer.status,
        "sale_id": str(call.input["sale_id"]),
        "message_id": message_id[1].decode() if message_id else None,
        "duplicate": duplicate[1] == b"true" if duplicate else None,
    }
