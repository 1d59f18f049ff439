"""`/ext/hooks/...`: any JSON or form that is posted fires `webhook.received`.

The URL is the credential. 200 means that the event is committed; it goes directly to the dispatcher, under the
request's own id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, assert_never
from urllib.parse import parse_qsl

import orjson

from contracts.primitives.problem import FieldError
from contracts.resources.webhook import WebhookReceipt
from contracts.wire.envelope import Envelope
from contracts.wire.events import WEBHOOK_RECEIVED
from contracts.wire.topology import DISPATCHER_EVENTS
from ingress.acceptance.store import Acceptance, Accepted, DuplicateMessage, KeyTaken, Replayed
from ingress.access.channel_store import Channel
from ingress.api.channels import public
from ingress.channels.inboxes import CONTENT_TYPE_CHARS_MAX, live_channel
from ingress.errors import InvalidInput, KeyReused, Malformed, UnsupportedMediaType
from ingress.http.body import aside, is_json, parse_json, read_bytes
from ingress.http.context import Api, envelope_of
from ingress.http.idempotency import REPLAYED, key_of
from ingress.http.multipart import FormBroken, FormParser, Part, boundary_of
from ingress.http.route import Request, Response, Route

FIELDS_MAX: Final = 1_000
_FORM: Final = "application/x-www-form-urlencoded"
_NUL: Final = "must not hold a NUL character"


async def receive(api: Api, call: Request) -> Response:
    """Accept a post as an event."""
    channel = await live_channel(api, call, kind="hook")
    call.raw = await read_bytes(call)
    content_type = call.headers.get("Content-Type", "")
    body = await aside(call.raw, lambda: _read(call.raw, content_type))
    envelope = _event(call, channel, content_type, body)
    answer = {"event_id": str(call.id)}
    encoded = envelope.encode()
    one = Acceptance(
        id=call.id,
        account_id=channel.account_id,
        command=WEBHOOK_RECEIVED,
        method=call.route.method,
        path=call.route.path,
        queue=DISPATCHER_EVENTS.name,
        body=lambda _: encoded,
        subject_id=call.id,
        key=key_of(call, scope=str(channel.id)),
        answer=lambda _: orjson.dumps(answer),
    )
    match verdict := await api.commits.accept(one):
        case Accepted():
            return Response(200, answer)
        case Replayed(answer=first):
            return Response(200, orjson.loads(first or b"{}"), REPLAYED)
        case KeyTaken():
            raise KeyReused
        case DuplicateMessage():
            raise AssertionError("an event without a document")
        case _:
            assert_never(verdict)


def _event(call: Request, channel: Channel, content_type: str, body: Any) -> Envelope:
    received = {
        "id": str(call.id),
        "channel": public(channel),
        "received_at": datetime.now(tz=UTC).isoformat(),
        "content_type": content_type.partition(";")[0].strip().lower()[:CONTENT_TYPE_CHARS_MAX],
        "body": body,
    }
    return envelope_of(call, WEBHOOK_RECEIVED, {"subject_id": str(call.id), "client_id": None, "object": received})


def _read(raw: bytes, content_type: str) -> Any:
    """The posted value: JSON as it is, a form as an object of texts, or of lists where a name is repeated.

    Raises:
        UnsupportedMediaType, Malformed; InvalidInput: it holds characters that cannot be stored, or files.
    """
    try:
        boundary = boundary_of(content_type)
        if boundary is not None:
            return _together(_of_parts(raw, boundary))
    except FormBroken as error:
        raise Malformed(f"the body cannot be read as a form: {error}") from None
    if content_type.partition(";")[0].strip().lower() == _FORM:
        return _together(_of_urlencoded(raw))
    if not is_json(content_type):
        reason = f"{content_type[:100]!r} is not read here" if content_type else "no content type is given"
        raise UnsupportedMediaType(f"{reason}: send application/json, or a form")
    return parse_json(raw, content_type, numbers="text")


def _of_urlencoded(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except UnicodeDecodeError:
        raise Malformed("the body cannot be read as a form: it is not UTF-8, percent-encoded") from None
    except ValueError:
        raise Malformed(f"the form has more than {FIELDS_MAX} fields") from None


def _of_parts(raw: bytes, boundary: str) -> list[tuple[str, str]]:
    parser = FormParser(boundary)
    fields: list[tuple[str, bytearray]] = []
    faults = []
    for event in parser.feed(raw):
        if not isinstance(event, Part):
            fields[-1][1].extend(event)
            continue
        if event.filename is not None:
            faults.append(FieldError(event.name[:100], "is a file, which is not accepted here: send it to an inbox"))
        fields.append((event.name, bytearray()))
        if len(fields) > FIELDS_MAX:
            raise Malformed(f"the form has more than {FIELDS_MAX} fields")
    parser.end()
    if faults:
        raise InvalidInput(faults=faults)
    try:
        return [(name, content.decode()) for name, content in fields]
    except UnicodeDecodeError:
        raise Malformed("the body cannot be read as a form: a field is not UTF-8") from None


def _together(fields: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    if faults := [
        FieldError(name.replace("\0", "\ufffd")[:100], _NUL) for name, value in fields if "\0" in name + value
    ]:
        raise InvalidInput(faults=faults)
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return {name: found if len(found) > 1 else found[0] for name, found in values.items()}


ROUTES = (
    Route(
        "POST", "/ext/hooks/{secret}", "receiveWebhook", receive, None,
        "Post anything: it fires the trigger webhook.received", request_type="anything",
        response_model=WebhookReceipt, tag="channels",
    ),
)  # fmt: skip
