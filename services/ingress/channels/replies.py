"""`/ext/messages/inbound/...`: customers' replies, and what mail servers report, as programs and providers post them.

The URL is the credential. 200 means that the message is committed with its files; the ledger matches it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final, assert_never

import orjson

from contracts.resources.received_messages import MessageReceipt
from contracts.wire.commands import RECEIVE_MESSAGE, queue_of
from documents.filetype import HEAD_BYTES, safe_name, sniffed
from documents.mail.models import MailFile, Posted, ReadMail
from documents.mail.providers import from_form, from_json
from documents.received import StoredFile
from ingress.acceptance.store import Acceptance, Accepted, Document, DuplicateMessage, KeyTaken, Replayed
from ingress.access.channel_store import Channel
from ingress.api.channels import public
from ingress.channels import attachment_store, mail_reader
from ingress.channels.inboxes import live_channel
from ingress.channels.posted_form import FORM, read_parts, read_urlencoded
from ingress.errors import InvalidInput, KeyReused, Malformed, UnsupportedMediaType
from ingress.http.body import aside, is_json, parse_json, read_bytes
from ingress.http.context import Api, envelope_of
from ingress.http.idempotency import REPLAYED, key_of
from ingress.http.multipart import FormBroken, boundary_of
from ingress.http.route import Request, Response, Route

MESSAGE_BYTES_MAX: Final = 25 * 1024 * 1024  # what providers pass on at most; mails of 20 MiB of files in base64
RECEIVE_SECONDS_MAX: Final = 200.0  # a mail of 25 MiB over a slow line, and its turn with the worker
MIME_TYPE: Final = "message/rfc822"
_BYTES_TYPE: Final = "application/octet-stream"


async def receive(api: Api, call: Request) -> Response:
    """Take a message that came in."""
    channel = await live_channel(api, call, kind="replies")
    call.raw = await read_bytes(call, bytes_max=MESSAGE_BYTES_MAX)
    content_type = call.headers.get("Content-Type", "")
    async with attachment_store.one_at_a_time(call.raw):
        posted, digest = await aside(call.raw, lambda: _read(call.raw, content_type))
        read = await mail_reader.read(posted)
        kept = [await _keep(api, channel, number, file) for number, file in enumerate(read.files) if file.content]
        source = await _keep_source(api, channel, call.raw, posted, content_type)
    one = _acceptance(call, channel, _command(call, channel, posted, read, kept, source), digest)
    match verdict := await api.commits.accept(one):
        case Accepted() | DuplicateMessage():
            return Response(200, _answer(verdict))
        case Replayed(answer=first):
            return Response(200, orjson.loads(first or b"{}"), REPLAYED)
        case KeyTaken():
            raise KeyReused
        case _:
            assert_never(verdict)


def _read(raw: bytes, content_type: str) -> tuple[Posted, bytes]:
    """What was posted, and a digest of what it holds: a form's boundary is another each time.

    Raises:
        InvalidInput: it is no message that is known here; Malformed, UnsupportedMediaType.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == MIME_TYPE:
        if not raw.strip():
            raise Malformed("the body is empty: send the mail as it came")
        return Posted("email", mime=raw), hashlib.sha256(raw).digest()
    if media_type == FORM:
        fields, files = read_urlencoded(raw)
    elif (boundary := _boundary(content_type)) is not None:
        fields, files = read_parts(raw, boundary)
    elif is_json(content_type):
        return _checked(from_json(parse_json(raw, content_type))), hashlib.sha256(raw).digest()
    else:
        given = f"{content_type[:100]!r} is not read here" if content_type else "no content type is given"
        raise UnsupportedMediaType(f"{given}: send {MIME_TYPE}, application/json, or a form")
    return _checked(from_form(fields, files)), _digest(fields, files)


def _boundary(content_type: str) -> str | None:
    try:
        return boundary_of(content_type)
    except FormBroken as error:
        raise Malformed(f"the body cannot be read as a form: {error}") from None


def _checked(read: Posted | list[Any]) -> Posted:
    if isinstance(read, list):
        raise InvalidInput("the message was not stored", faults=read)
    return read


def _digest(fields: dict[str, bytes], files: list[MailFile]) -> bytes:
    held = {name: hashlib.sha256(value).hexdigest() for name, value in fields.items()}
    parts = [held, [[file.name, hashlib.sha256(file.content).hexdigest()] for file in files]]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()


async def _keep(api: Api, channel: Channel, number: int, file: MailFile) -> StoredFile:
    """Keep a file under the type that its bytes tell; of what is of none that is known, as bytes."""
    kind, field = sniffed(file.content[:HEAD_BYTES], file.name), f"attachments[{number}]"
    stored = await attachment_store.store(
        api, channel.account_id, file.content, file.name, kind or "text/plain", field=field
    )
    if kind is not None:
        return stored
    name = safe_name(file.name, "text/plain").removesuffix(".txt")
    return StoredFile(name, _BYTES_TYPE, stored.size, stored.sha256)


async def _keep_source(api: Api, channel: Channel, raw: bytes, posted: Posted, content_type: str) -> StoredFile | None:
    """Keep a mail as it came; an SMS has nothing beyond what is read of it."""
    if posted.channel == "sms":
        return None
    content = raw if posted.mime is None else posted.mime
    stored = await attachment_store.store(api, channel.account_id, content, "message", "text/plain", field="message")
    if posted.mime is not None:
        return StoredFile("message.eml", MIME_TYPE, stored.size, stored.sha256)
    kind = "application/json" if is_json(content_type) else _BYTES_TYPE
    return StoredFile("message.json" if is_json(content_type) else "message.form", kind, stored.size, stored.sha256)


def _command(
    call: Request,
    channel: Channel,
    posted: Posted,
    read: ReadMail,
    kept: list[StoredFile],
    source: StoredFile | None,
) -> dict[str, Any]:
    about = read.as_json()
    del about["files"]
    return about | {
        "message_id": str(call.id),
        "via": public(channel),
        "channel": posted.channel,
        "attachments": [file.as_json() for file in kept],
        "source": None if source is None else source.as_json(),
        "received_at": datetime.now(tz=UTC).isoformat(),
    }


def _acceptance(call: Request, channel: Channel, data: dict[str, Any], digest: bytes) -> Acceptance:
    encoded = envelope_of(call, RECEIVE_MESSAGE, data).encode()
    own = hashlib.sha256(channel.id.bytes + digest).digest()  # the same bytes on another channel are another message
    return Acceptance(
        id=call.id,
        account_id=channel.account_id,
        command=RECEIVE_MESSAGE,
        method=call.route.method,
        path=call.route.path,
        queue=queue_of(RECEIVE_MESSAGE).name,
        body=lambda _: encoded,
        subject_id=call.id,
        key=key_of(call, scope=str(channel.id)),
        document=Document(channel.id, own, own, own),
        answer=lambda verdict: orjson.dumps(_answer(verdict)),
    )


def _answer(verdict: Accepted | DuplicateMessage) -> dict[str, Any]:
    if isinstance(verdict, DuplicateMessage):
        return {"message_id": str(verdict.message_id), "duplicate": True}
    return {"message_id": str(verdict.id), "duplicate": False}


ROUTES = (
    Route(
        "POST", "/ext/messages/inbound/{secret}", "receiveMessage", receive, None,
        "Post a customer's reply, or what a mail server reports", request_type="mail",
        response_model=MessageReceipt, body_bytes_max=MESSAGE_BYTES_MAX, seconds_max=RECEIVE_SECONDS_MAX,
        tag="channels",
    ),
)  # fmt: skip
