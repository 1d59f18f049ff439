"""Read mails as MIME (RFC 5322, RFC 2045): what was written, files, the thread, and what mail servers report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import default as policy
from typing import Any, Final

from contracts.reply_tokens import tokens_in
from documents.mail import reports
from documents.mail.headers import (
    Headers,
    address_in,
    clean,
    first,
    headers_of,
    message_ids_in,
    references_of,
    safely,
    subject_in,
)
from documents.mail.models import BODY_CHARS_MAX, FILES_MAX, MailFile, Posted, ReadMail, Undelivered
from documents.mail.text import split_quoted, text_of_html

PARTS_MAX: Final = 1_000  # of one mail, however deep; what follows is left in the source
_TYPE_CHARS_MAX: Final = 200  # RFC 6838 bounds both parts at 127
_NAME_CHARS_MAX: Final = 1_000  # of a file; common systems keep 255
_FALLBACK_TYPE: Final = "application/octet-stream"
UNREADABLE: Final = "This mail could not be read; its source has it as it came."


Split = Callable[[str], tuple[str, str | None]]
"""Parts what was written from what is quoted; a caller may bound its time."""


def read_mime(raw: bytes, split: Split = split_quoted) -> ReadMail:
    """Read a mail. What breaks its form, or nests too deep, is kept as unreadable: nothing is refused."""
    try:
        return _read(BytesParser(policy=policy).parsebytes(raw), split)
    except (RecursionError, MemoryError):
        return unreadable(raw)


def unreadable(raw: bytes) -> ReadMail:
    """What is known of a mail that cannot be read: the tokens that stand in its bytes."""
    return ReadMail(body=UNREADABLE, tokens=tuple(tokens_in(raw.decode("ascii", "replace"))))


def read_posted(posted: Posted, split: Split = split_quoted) -> ReadMail:
    """Read a mail whose parts a provider posts."""
    headers = [*posted.headers, *_said_beside(posted)]
    text = posted.text if posted.text.strip() else text_of_html(posted.html)
    body, quoted = split(text)
    undelivered = list(posted.undelivered) or reports.failed_recipients(headers)
    automatic = posted.automatic or reports.kind_of(headers)
    return ReadMail(
        sender=address_in(first(headers, "from")),
        recipient=address_in(first(headers, "to")),
        subject=subject_in(headers),
        body=body,
        quoted=quoted,
        provider_message_id=next(iter(message_ids_in([first(headers, "message-id")])), None),
        references=references_of(headers),
        tokens=tuple(tokens_in(f"{posted.subject or ''}\n{text}\n{posted.html}")),
        automatic=automatic,
        undelivered=tuple(undelivered),
        files=posted.files[:FILES_MAX],
    )


def _said_beside(posted: Posted) -> Iterator[tuple[str, str]]:
    """What is posted beside the headers, as headers; those of the mail itself win."""
    named = {"from": posted.sender, "to": posted.recipient, "subject": posted.subject}
    named |= {"message-id": posted.provider_message_id, "in-reply-to": posted.in_reply_to}
    return ((name, clean(value)) for name, value in named.items() if value)


def _read(message: Message[Any, Any], split: Split) -> ReadMail:
    headers, leaves = headers_of(message), list(_leaves(message))
    automatic = reports.kind_of(headers)
    text = _written(leaves)
    returned = _returned_headers(leaves) if automatic in {"bounce", "complaint"} else []
    body, quoted = split(text) if automatic is None else (clean(text)[:BODY_CHARS_MAX], None)
    undelivered = _undelivered(headers, leaves, returned, is_complaint=automatic == "complaint")
    if automatic == "bounce" and not undelivered and not returned:
        automatic = "auto_reply"  # delivered, relayed, or a person who writes as postmaster
    of_report = message_ids_in([first(returned, "message-id")])
    return ReadMail(
        sender=address_in(first(headers, "from")),
        recipient=address_in(first(headers, "delivered-to", "x-original-to", "to")),
        subject=subject_in(headers),
        body=body,
        quoted=quoted,
        provider_message_id=next(iter(message_ids_in([first(headers, "message-id")])), None),
        references=(*of_report, *references_of(headers)),
        tokens=tuple(tokens_in("\n".join([first(headers, "subject") or "", text, _returned_text(leaves)]))),
        automatic=automatic,
        undelivered=tuple(undelivered),
        files=tuple(_files(leaves)),
    )


def _leaves(message: Message[Any, Any]) -> Iterator[Message[Any, Any]]:
    """The parts that hold something, in order; a mail within the mail is one."""
    waiting, seen = [message], 0
    while waiting and seen < PARTS_MAX:
        part, seen = waiting.pop(), seen + 1
        inner = part.get_payload()
        if isinstance(inner, list) and not _type_of(part).startswith("message/"):
            waiting += [one for one in reversed(inner) if isinstance(one, Message)]
        else:
            yield part


def _type_of(part: Message[Any, Any]) -> str:
    return clean(safely(part.get_content_type, _FALLBACK_TYPE))[:_TYPE_CHARS_MAX]


def _name_of(part: Message[Any, Any]) -> str | None:
    name = safely(part.get_filename, None)
    return None if name is None else clean(name)[:_NAME_CHARS_MAX]


def _is_file(part: Message[Any, Any]) -> bool:
    disposition = safely(part.get_content_disposition, None)
    return disposition == "attachment" or _name_of(part) is not None or not _type_of(part).startswith("text/")


def _text_of(part: Message[Any, Any]) -> str:
    content = _bytes_of(part)
    charset = safely(part.get_content_charset, None) or "utf-8"
    return safely(lambda: content.decode(charset, "replace"), content.decode("utf-8", "replace"))


def _bytes_of(part: Message[Any, Any]) -> bytes:
    content: Any = safely(lambda: part.get_payload(decode=True), None)
    return content if isinstance(content, bytes) else b""


def _written(leaves: list[Message[Any, Any]]) -> str:
    """The plain text of a mail, else that of its HTML."""
    texts = [part for part in leaves if not _is_file(part)]
    plain = "\n".join(_text_of(part) for part in texts if _type_of(part) == "text/plain")
    if plain.strip():
        return plain.replace("\r\n", "\n")
    return "\n".join(text_of_html(_text_of(part)) for part in texts if _type_of(part) == "text/html")


def _undelivered(
    headers: Headers, leaves: list[Message[Any, Any]], returned: Headers, *, is_complaint: bool
) -> list[Undelivered]:
    found = reports.failed_recipients(headers)
    for part in leaves:
        if _type_of(part) == "message/delivery-status":
            found += reports.of_delivery_status(part)
        elif _type_of(part) == "message/feedback-report":
            found += reports.of_feedback(part)
    recipient = address_in(first(returned, "to"))
    if is_complaint and not found and recipient:
        found.append(Undelivered(recipient, "complaint: abuse", permanent=True))
    return found


def _returned(leaves: list[Message[Any, Any]]) -> Message[Any, Any] | None:
    """The mail, or its headers, that a report returns."""
    for part in leaves:
        inner = part.get_payload()
        if _type_of(part) == "message/rfc822" and isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return inner[0]
        if _type_of(part) == "text/rfc822-headers":
            return BytesParser(policy=policy).parsebytes(_bytes_of(part), headersonly=True)
    return None


def _returned_headers(leaves: list[Message[Any, Any]]) -> list[tuple[str, str]]:
    returned = _returned(leaves)
    return [] if returned is None else headers_of(returned)


def _returned_text(leaves: list[Message[Any, Any]]) -> str:
    returned = _returned(leaves)
    return "" if returned is None else _written(list(_leaves(returned)))


def _files(leaves: list[Message[Any, Any]]) -> Iterator[MailFile]:
    count = 0
    for part in leaves:
        kind = _type_of(part)
        if not _is_file(part) or kind in {"message/delivery-status", "message/feedback-report"} or count >= FILES_MAX:
            continue
        content = _bytes_of(part)
        if kind.startswith("message/") and isinstance(inner := part.get_payload(), list) and inner:
            content = safely(lambda inner=inner: bytes(inner[0]), b"")  # type: ignore[misc]
        if content:
            count += 1
            yield MailFile(_name_of(part), kind, content)
