"""Read a message that is pushed over the API: a document, a form with a file, or JSON with a file inside.

A file is stored only after all other fields are valid, and before the message is accepted. A file of XML or JSON
without a document is read as the document, or refused with its errors; any other is left to people.
"""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

import orjson

from contracts.primitives.problem import FieldError
from contracts.strict_json import JsonRefused, read_json
from documents.document import InboxKind
from documents.filetype import HEAD_BYTES, JSON, PDF, XML, safe_name, sniffed
from documents.inline_file import Inline, Message, read_inline
from documents.json_format import read_beside, read_message
from documents.parsed import Parsed
from documents.parser import bytes_max_of
from documents.received import AccompanyingFields, ReceivedMessage, StoredFile, of_document, of_file
from ingress.channels import attachment_store
from ingress.channels.inboxes import (
    checked,
    digest_of,
    joined,
    of_pdf,
    parse,
    read_pushed_bytes,
    with_large_bytes_kept,
)
from ingress.errors import BodyTooLarge, InvalidInput, Malformed, UnsupportedMediaType
from ingress.http.body import is_json, not_read, read_bytes
from ingress.http.context import Api
from ingress.http.multipart import FormBroken, boundary_of
from ingress.http.route import Request
from ingress.http.uploads import Form
from storage.blobs import Upload

_TAKEN: Final = (
    "has an unaccepted type: send PDF, pictures, XML, JSON, office documents or plain text;"
    " archives, web pages and programs are refused"
)


async def read_pushed(api: Api, call: Request, box: InboxKind) -> ReceivedMessage:
    """Read the request; its file, if it has one, and a large document's bytes are stored when this returns.

    Raises:
        InvalidInput: it has errors, all of them listed; UnsupportedMediaType: it, or its file, is of an unaccepted
        type; QuotaExceeded: the account has no room for its files; BodyTooLarge, Malformed, TooSlow, Unavailable.
    """
    return await with_large_bytes_kept(api, call.account_id, await _read(api, call, box))


async def _read(api: Api, call: Request, box: InboxKind) -> ReceivedMessage:
    content_type = call.headers.get("Content-Type", "")
    try:
        boundary = boundary_of(content_type)
    except FormBroken as error:
        raise Malformed(f"the body cannot be read as a form: {error}") from None
    if boundary is not None:
        async with api.uploads.read(call.request, boundary=boundary, account_id=call.account_id) as form:
            return await _of_form(api, call, form, box)
    call.raw = call.raw or await read_bytes(call, bytes_max=bytes_max_of(content_type))
    if not is_json(content_type):
        return await read_pushed_bytes(api, call.account_id, call.raw, content_type, box)
    message = await checked(call.raw, lambda: read_inline(call.raw, box=box))
    match message:
        case Message(Parsed() as parsed, None):
            return of_document(call.raw, content_type, parsed, await digest_of(call.raw, content_type))
        case Message(content, Inline() as file):
            return await _of_inline(api, call, content, file, box)
        case _:
            raise InvalidInput(faults=[FieldError("document", "is required, or a file")])


async def _of_inline(
    api: Api, call: Request, content: Parsed | AccompanyingFields, file: Inline, box: InboxKind
) -> ReceivedMessage:
    async with api.uploads.files.receive(call.account_id) as arriving:
        await arriving.write(file.content)
        coming = _Coming(api, call.account_id, arriving, file.content[:HEAD_BYTES], file.name)
        if isinstance(content, AccompanyingFields):
            return await coming.as_message(content, box)
        return of_document(call.raw, JSON, content, await digest_of(call.raw, JSON), await coming.keep())


async def _of_form(api: Api, call: Request, form: Form, box: InboxKind) -> ReceivedMessage:
    beside = _beside(form)
    document = bytes(form.fields.get("document", b"")).strip()
    coming = None
    if form.file is not None:
        coming = _Coming(api, call.account_id, form.file, bytes(form.head), form.filename)
    if document:
        async with attachment_store.one_at_a_time(document):
            parsed = joined(await _document(document, box), beside)
            parsed, attachments = await attachment_store.keep(api, call.account_id, parsed)
        file = None if coming is None else await coming.keep()
        kind = sniffed(document[:HEAD_BYTES]) or JSON
        pushed = of_document(document, kind, parsed, await digest_of(document, kind), file, beside, attachments)
    elif coming is not None:
        pushed = await coming.as_message(beside, box)
    else:
        raise InvalidInput(faults=[FieldError("file", "is required, or a document")])
    # A form's boundary differs each time, so an Idempotency-Key compares the content.
    held = {name: hashlib.sha256(content).hexdigest() for name, content in form.fields.items()}
    call.raw = orjson.dumps([held, pushed.data.get("file")], option=orjson.OPT_SORT_KEYS)
    return pushed


class _Coming:
    """A received file that is not stored yet."""

    def __init__(self, api: Api, account_id: UUID, arriving: Upload, head: bytes, name: str | None) -> None:
        self._api, self._account_id = api, account_id
        self._arriving, self._name = arriving, name
        self._type = sniffed(head, name)

    async def keep(self) -> StoredFile:
        """Store it, if its type is accepted and there is room."""
        if not self._arriving.size:
            raise InvalidInput(faults=[FieldError("file", "is empty")])
        if self._type is None:
            raise UnsupportedMediaType(_TAKEN)
        with attachment_store.counted_as("file"):
            kept = await self._arriving.keep()
        return StoredFile(safe_name(self._name, self._type), self._type, kept.size, kept.sha256)

    async def as_message(self, beside: AccompanyingFields, box: InboxKind) -> ReceivedMessage:
        """The message of the file alone."""
        if self._type not in {XML, JSON, PDF}:
            return of_file(beside, await self.keep())
        if self._arriving.size > bytes_max_of(self._type):
            raise BodyTooLarge(f"a document of {self._type} has at most {bytes_max_of(self._type)} bytes")
        if self._type == PDF:
            return await self._pdf(beside, box)
        raw = await self._arriving.content()
        async with attachment_store.one_at_a_time(raw):
            parsed = joined(await parse(raw, self._type, box), beside)
            parsed, attachments = await attachment_store.keep(self._api, self._account_id, parsed)
        content = await digest_of(raw, self._type)
        return of_document(raw, self._type, parsed, content, await self.keep(), beside, attachments)

    async def _pdf(self, beside: AccompanyingFields, box: InboxKind) -> ReceivedMessage:
        async with attachment_store.PDF_TURN:  # uploads do not count as bodies in memory: one is read at a time
            raw = await self._arriving.content()
            return await of_pdf(self._api, self._account_id, raw, await self.keep(), beside, box)


async def _document(raw: bytes, box: InboxKind) -> Parsed:
    """Read the field `document`: XML, the JSON form of a message, or its document alone."""
    if sniffed(raw[:HEAD_BYTES]) == XML:
        return await parse(raw, XML, box)

    def read() -> Parsed | list[FieldError]:
        given = read_json(raw, numbers="exact")
        whole = isinstance(given, dict) and "document" in given
        return read_message(given if whole else {"document": given}, box=box)

    return await checked(raw, read, path="document")


def _beside(form: Form) -> AccompanyingFields:
    """Read the fields `links` and `comment`."""
    given: dict[str, object] = {}
    faults = []
    try:
        given["comment"] = form.fields.get("comment", b"").decode()
    except UnicodeDecodeError:
        faults.append(FieldError("comment", "is not UTF-8 text"))
    try:
        given["links"] = read_json(bytes(links), numbers="exact") if (links := form.fields.get("links")) else None
    except JsonRefused as refused:
        raise not_read(refused, "links") from None
    beside = read_beside(given)
    if faults or isinstance(beside, list):
        raise InvalidInput(faults=[*faults, *(beside if isinstance(beside, list) else [])])
    return beside
