"""The actions that push a document into an inbox. One whose file is at a URL is a run of one step in the executor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson
from pydantic import ValidationError

from contracts.catalog.inputs import PushInboxMessage
from contracts.primitives.problem import field_errors
from contracts.wire.commands import RUN_ACTION
from documents.document import InboxKind
from documents.filetype import JSON
from documents.parser import bytes_max_of
from ingress.api import inbox
from ingress.api.search_actions import RunQuery
from ingress.channels.linked_file import find_linked
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response

BOXES: Final[dict[str, InboxKind]] = {"create_purchase": "purchases", "create_sale": "sales"}
_OK: Final = 200
_CREATED: Final = 201


def pushing(key: str, box: InboxKind) -> Handler:
    """Make the handler of the action `key`, which pushes into the inbox `box`."""

    async def run_action(api: Api, call: Request) -> Response:
        """Push the document, and its file, into the inbox."""
        dry_run = call.query_as(RunQuery).dry_run
        linked = await find_linked(call, bytes_max=bytes_max_of(JSON))
        if linked is not None:
            return await (_show_linked(api, call, box, linked) if dry_run else _push_linked(api, call, key, linked))
        if dry_run:
            return _would(await inbox.preview(api, call, box))
        return _flagged(await inbox.push_into(api, call, box))

    return run_action


async def _push_linked(api: Api, call: Request, key: str, linked: dict[str, Any]) -> Response:
    """Let the executor fetch the file and push; its output is the message."""
    given = _checked(linked)
    data = {"action": key, "input": given, "connection_id": None, "dry_run": False}
    reply = await api.submit(call, RUN_ACTION, data)
    if reply.status != _CREATED:
        return reply
    location = f"/v1/inbox/{BOXES[key]}/{reply.body['id']}"
    return replace(reply, headers={**reply.headers, "Location": location})


async def _show_linked(api: Api, call: Request, box: InboxKind, linked: dict[str, Any]) -> Response:
    """Show the message without its file, and where the file would come from: nothing is fetched."""
    url = _checked(linked)["file"]
    call.raw = orjson.dumps({name: value for name, value in linked.items() if name != "file"})
    return _would(await inbox.preview(api, call, box) | {"file": {"url": url}})


def _checked(linked: dict[str, Any]) -> dict[str, Any]:
    try:
        return PushInboxMessage.model_validate(linked).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        raise InvalidInput(faults=field_errors(error)) from None


def _flagged(reply: Response) -> Response:
    """Add to a pushed message whether it was there before, as the executor does."""
    if reply.status not in {_OK, _CREATED}:
        return reply
    message = orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body
    return replace(reply, body=message | {"duplicate": reply.status == _OK})


def _would(would: dict[str, Any]) -> Response:
    return Response(body={"dry_run": True, "would": would, "changes": []})
