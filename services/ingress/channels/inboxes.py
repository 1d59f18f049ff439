"""`/ext/direct/inbox/...` and `/ext/webhooks/inbox/...`: documents that external programs push.

The URL is the credential. 200 means that the message is committed; the ledger handles it afterwards.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, assert_never
from uuid import UUID

import orjson

from contracts.primitives.problem import FieldError
from contracts.resources.inbox import MessageWarning, message_warning
from contracts.strict_json import JsonRefused
from contracts.wire.commands import RECEIVE_INBOX_MESSAGE, queue_of
from documents.content import content_digest
from documents.document import InboxKind
from documents.filetype import HEAD_BYTES, JSON, PDF, XML, sniffed
from documents.parsed import Parsed
from documents.parser import (
    XML_BYTES_MAX,
    UnsupportedContentType,
    bytes_max_of,
    is_xml,
    read_document,
    split_content_type,
)
from documents.received import AccompanyingFields, ReceivedMessage, StoredFile, of_document, of_file
from documents.xml import XmlRefused
from documents.xml_answer import XML_TYPE, accepted_xml
from ingress import response_models as models
from ingress.acceptance.store import Acceptance, Accepted, Document, DuplicateMessage, KeyTaken, Replayed
from ingress.access.channel_store import Channel, Kind
from ingress.access.credentials import digest
from ingress.api.channels import SECRET_CHARS_MAX, public
from ingress.channels import attachment_store, pdf_reader
from ingress.errors import InvalidInput, KeyReused, Malformed, NotFound, UnsupportedMediaType
from ingress.http.body import aside, not_read, read_bytes
from ingress.http.context import Api, envelope_of
from ingress.http.idempotency import REPLAYED, key_of
from ingress.http.problems import wants_xml
from ingress.http.route import Request, Response, Route

T = TypeVar("T")
Warnings = list[MessageWarning]

CONTENT_TYPE_CHARS_MAX: Final = 200
_FAULTS_SAID_MAX: Final = 5  # in one warning, for a person to read
_PDF_TYPES: Final = frozenset({PDF, "application/x-pdf"})
_UNTOLD: Final = _PDF_TYPES | {"application/octet-stream"}
_WRONG_TYPE: Final = f"send application/xml, text/xml, {PDF} or {JSON}"
RECEIVE_SECONDS_MAX: Final = 150.0  # reading a large document takes up to 120 s, parsing and storing it 2 s
RAW_IN_COMMAND_BYTES_MAX: Final = 256 * 1024  # larger ones go to the file store: the bus carries no bodies of 20 MiB


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of a document. `lineage_id` scopes the recognition of repeated ones; `channel` is None for the API."""

    account_id: UUID
    lineage_id: UUID
    channel: dict[str, Any] | None
    key_scope: str

    @classmethod
    def of(cls, channel: Channel) -> Sender:
        """The sender behind a channel."""
        return cls(channel.account_id, channel.id, public(channel), str(channel.id))


async def receive_direct(api: Api, call: Request) -> Response:
    """Accept a supplier's document into the purchase inbox."""
    return await _receive(api, call, kind="direct", box="purchases")


async def receive_order(api: Api, call: Request) -> Response:
    """Accept an order into the sales inbox."""
    return await _receive(api, call, kind="orders", box="sales")


async def _receive(api: Api, call: Request, *, kind: Kind, box: InboxKind) -> Response:
    channel = await live_channel(api, call, kind=kind)
    content_type = call.headers.get("Content-Type", "")
    call.raw = await read_bytes(call, bytes_max=bytes_max_of(content_type))
    pushed = await read_pushed_bytes(api, channel.account_id, call.raw, content_type, box)
    pushed = await with_large_bytes_kept(api, channel.account_id, pushed)
    one = acceptance_of(call, Sender.of(channel), pushed, box)
    verdict = await api.commits.accept(one)
    match verdict:
        case Accepted() | DuplicateMessage():
            return _reply(call, answer_to(verdict, pushed.warnings), {})
        case Replayed(answer=answer):
            return _reply(call, orjson.loads(answer or b"{}"), REPLAYED)
        case KeyTaken():
            raise KeyReused
        case _:
            assert_never(verdict)


async def live_channel(api: Api, call: Request, *, kind: Kind) -> Channel:
    """Return the active channel of the request, which belongs to its account from here on.

    Raises:
        NotFound: there is none of this kind; TooManyRequests: too many requests to it, to its account, or to unknown
        ones from this address.
    """
    secret = call.params["secret"]
    channel = await api.channels.load(digest(secret)) if len(secret) <= SECRET_CHARS_MAX else None
    if channel is None or channel.kind != kind:
        api.limits.wrong.admit(call.request.remote)
        raise NotFound("no active channel has this address")
    api.limits.channel.admit(channel.id)
    api.limits.account.admit(channel.account_id)
    call.account, call.channel = channel.account_id, channel.id
    return channel


async def read_pushed_bytes(
    api: Api, account_id: UUID, raw: bytes, content_type: str, box: InboxKind
) -> ReceivedMessage:
    """Read a document without a form; the files inside are stored when this returns.

    Raises:
        as `parse`; QuotaExceeded: the account has no room for its files; Unavailable: the file store cannot be written.
    """
    content_type = _told_by_content(raw, content_type)
    async with attachment_store.one_at_a_time(raw):
        if content_type == PDF:
            file = await attachment_store.store(api, account_id, raw, None, PDF, field="file")
            return await of_pdf(api, account_id, raw, file, AccompanyingFields(), box)
        parsed = await parse(raw, content_type, box)
        parsed, attachments = await attachment_store.keep(api, account_id, parsed)
    digest_now = await digest_of(raw, content_type)
    return of_document(raw, content_type, parsed, digest_now, attachments=attachments)


def _told_by_content(raw: bytes, content_type: str) -> str:
    """The content type, by the bytes if a sender names no document type, or sends a PDF under another.

    Raises:
        Malformed: what was sent as a PDF is none, nor a document of another type.
    """
    media_type = split_content_type(content_type)[0]
    if media_type not in _UNTOLD and not raw.startswith(b"%PDF-"):
        return content_type
    found = sniffed(raw[:HEAD_BYTES])
    if media_type in _PDF_TYPES and found not in {PDF, XML, JSON}:
        raise Malformed("the document was not stored", faults=[FieldError("", "is no PDF: a PDF begins with %PDF-")])
    return found or content_type


async def of_pdf(
    api: Api, account_id: UUID, raw: bytes, file: StoredFile, beside: AccompanyingFields, box: InboxKind
) -> ReceivedMessage:
    """Make a message of a PDF, stored as `file`: the invoice inside (Factur-X), else a file alone.

    An embedded invoice that cannot be read leaves a warning: people read the PDF.
    """
    inner = await pdf_reader.invoice_inside(raw)
    if inner is None:
        return of_file(beside, file)
    try:
        parsed = await parse(inner, XML, box)
    except (InvalidInput, Malformed) as refused:
        return of_file(beside, file, [_unread(refused)])
    parsed, attachments = await attachment_store.keep(api, account_id, replace(parsed, format="facturx"))
    digest_now = await aside(raw, lambda: hashlib.sha256(raw).digest())
    return of_document(b"", PDF, joined(parsed, beside), digest_now, file, beside, attachments)


def _unread(refused: InvalidInput | Malformed) -> MessageWarning:
    faults = "; ".join(f"{fault.path} {fault.message}" for fault in refused.faults[:_FAULTS_SAID_MAX])
    return message_warning("unread_file", "file", f"has an e-invoice inside that was not read: {faults}")


def joined(parsed: Parsed, beside: AccompanyingFields) -> Parsed:
    """Merge the accompanying fields into the document; they take precedence."""
    document = parsed.document
    links, comment = beside.links or document.links, beside.comment or document.comment
    return replace(parsed, document=replace(document, links=links, comment=comment))


async def parse(raw: bytes, content_type: str, box: InboxKind) -> Parsed:
    """Read the document.

    Raises:
        InvalidInput: it has errors, all of them listed; Malformed: it cannot be read at all; UnsupportedMediaType: it
        is neither XML nor JSON.
    """
    return await checked(raw, lambda: read_document(raw, content_type=content_type, box=box))


async def checked(raw: bytes, read: Callable[[], T | list[FieldError]], *, path: str = "") -> T:
    """Read `raw`, in a thread if it would block other requests; raises as `parse` does.

    `path` is the field of a form that holds it.
    """
    try:
        found = await aside(raw, read)
    except UnsupportedContentType:
        raise UnsupportedMediaType(_WRONG_TYPE) from None
    except JsonRefused as refused:
        raise not_read(refused, path) from None
    except XmlRefused as refused:
        raise Malformed("the document was not stored", faults=[FieldError("/", str(refused))]) from None
    if isinstance(found, list):
        raise InvalidInput("the document was not stored", faults=found)
    return found


async def digest_of(raw: bytes, content_type: str) -> bytes:
    """The digest that recognises a document, computed in a thread as `checked` does."""
    return await aside(raw, lambda: content_digest(raw, content_type))


async def with_large_bytes_kept(api: Api, account_id: UUID, pushed: ReceivedMessage) -> ReceivedMessage:
    """Store a large document's bytes in the file store, durable before its command is accepted."""
    if len(pushed.raw) <= RAW_IN_COMMAND_BYTES_MAX:
        return pushed
    media_type = XML if is_xml(pushed.content_type) else JSON
    raw_file = await attachment_store.store(api, account_id, pushed.raw, "document", media_type, field="document")
    return replace(pushed, raw=b"", raw_file=raw_file)


def acceptance_of(
    call: Request, sender: Sender, pushed: ReceivedMessage, box: InboxKind, *, reply_to: str | None = None
) -> Acceptance:
    """The acceptance of a message; `reply_to` when a caller waits for the ledger's result."""
    data: dict[str, Any] = {
        "message_id": call.id,
        "box": box,
        "channel": sender.channel,
        "content_type": _storable(pushed.content_type)[:CONTENT_TYPE_CHARS_MAX],
        "raw": base64.b64encode(pushed.raw).decode(),
        "raw_file": None if pushed.raw_file is None else pushed.raw_file.as_json(),
        "received_at": datetime.now(tz=UTC),
        **pushed.data,
    }

    def body(duplicate_of: UUID | None) -> bytes:
        flags = {"warnings": _warnings(pushed.warnings, duplicate_of), "duplicate_of": duplicate_of}
        return envelope_of(call, RECEIVE_INBOX_MESSAGE, data | flags, reply_to=reply_to).encode()

    return Acceptance(
        id=call.id,
        account_id=sender.account_id,
        command=RECEIVE_INBOX_MESSAGE,
        method=call.route.method,
        path=call.route.path,
        queue=queue_of(RECEIVE_INBOX_MESSAGE).name,
        body=body,
        subject_id=call.id,
        key=key_of(call, scope=sender.key_scope),
        document=_document(sender, pushed, box),
        answer=lambda verdict: orjson.dumps(answer_to(verdict, pushed.warnings)),
    )


def _storable(header: str) -> str:
    """A header's text without bytes that are not UTF-8."""
    return header.encode("utf-8", "replace").decode()


def _document(sender: Sender, pushed: ReceivedMessage, box: InboxKind) -> Document:
    identity, reference = [
        hashlib.sha256(orjson.dumps(parts)).digest() for parts in (pushed.identity, [box, *pushed.reference])
    ]
    return Document(sender.lineage_id, identity, pushed.content, reference)


def _warnings(warnings: Warnings, duplicate_of: UUID | None) -> Warnings:
    if duplicate_of is None:
        return warnings
    data = f"is that of the message {duplicate_of}, which has other content: compare the two before accepting this one"
    return [*warnings, message_warning("resembles", "document.document_ref", data)]


def answer_to(verdict: Accepted | DuplicateMessage, warnings: Warnings) -> dict[str, Any]:
    """`{message_id, duplicate, warnings}`, and `duplicate_of` when other content came first under the reference."""
    if isinstance(verdict, DuplicateMessage):
        return {"message_id": str(verdict.message_id), "duplicate": True, "warnings": warnings}
    answer: dict[str, Any] = {
        "message_id": str(verdict.id),
        "duplicate": False,
        "warnings": _warnings(warnings, verdict.duplicate_of),
    }
    if verdict.duplicate_of is not None:
        answer["duplicate_of"] = str(verdict.duplicate_of)
    return answer


def _reply(call: Request, answer: dict[str, Any], headers: dict[str, str]) -> Response:
    if not wants_xml(call.request):
        return Response(200, answer, headers)
    xml = accepted_xml(message_id=answer["message_id"], duplicate=answer["duplicate"], warnings=answer["warnings"])
    return Response(200, xml, headers, XML_TYPE)


ROUTES = (
    Route(
        "POST", "/ext/direct/inbox/{secret}", "receiveDocument", receive_direct, None, "Push a supplier's document",
        request_type="bytes", response_model=models.PushReceipt, response_types=(JSON, XML_TYPE),
        body_bytes_max=XML_BYTES_MAX, seconds_max=RECEIVE_SECONDS_MAX, tag="channels",
    ),
    Route(
        "POST", "/ext/webhooks/inbox/{secret}", "receiveOrder", receive_order, None, "Push an order",
        request_type="bytes", response_model=models.PushReceipt, response_types=(JSON, XML_TYPE),
        body_bytes_max=XML_BYTES_MAX, seconds_max=RECEIVE_SECONDS_MAX, tag="channels",
    ),
)  # fmt: skip
