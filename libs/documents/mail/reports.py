"""Recognise what programs write: automatic replies (RFC 3834), delivery failures (RFC 3464), complaints (RFC 5965)."""

from __future__ import annotations

import re
from email.message import Message
from typing import Any, Final

from contracts.resources.messages import Automatic
from contracts.resources.received_messages import UNDELIVERED_MAX
from documents.mail.headers import Headers, address_in, first, headers_of, safely
from documents.mail.models import Undelivered

REASON_CHARS_MAX: Final = 500  # a server's words on one recipient

_REPORT_TYPE: Final = re.compile(r"report-type\s*=\s*\"?([\w-]+)", re.IGNORECASE)
_AUTOMATIC_SUBJECT: Final = re.compile(
    r"(auto(matic)?[ -]?(reply|response)|out of (the )?office|r[ée]ponse automatique|absen[ct]e? du bureau"
    r"|respuesta autom[áa]tica|fuera de la oficina|automatische antwort|abwesenheit)\b",
    re.IGNORECASE,
)
_PRECEDENCES: Final = frozenset({"auto_reply", "bulk", "junk", "list"})
_SERVERS: Final = ("mailer-daemon@", "postmaster@")
_STATUS: Final = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_PERMANENT: Final = "5"


def kind_of(headers: Headers) -> Automatic | None:
    """What kind of program wrote a mail, by its headers; None where a person did."""
    content_type = first(headers, "content-type") or ""
    report = _REPORT_TYPE.search(content_type)
    if report is not None and content_type.lower().startswith("multipart/report"):
        return _KIND_OF_REPORT.get(report[1].lower(), "auto_reply")
    sender = (address_in(first(headers, "from")) or "").lower()
    if first(headers, "x-failed-recipients") or sender.startswith(_SERVERS):
        return "bounce"
    if (first(headers, "auto-submitted") or "no").partition(";")[0].strip().lower() != "no":
        return "auto_reply"
    if first(headers, "x-autoreply", "x-autorespond", "x-autoresponder"):
        return "auto_reply"
    if (first(headers, "precedence") or "").lower() in _PRECEDENCES:
        return "auto_reply"
    return "auto_reply" if _AUTOMATIC_SUBJECT.match(first(headers, "subject") or "") else None


_KIND_OF_REPORT: Final[dict[str, Automatic]] = {"delivery-status": "bounce", "feedback-report": "complaint"}


def failed_recipients(headers: Headers) -> list[Undelivered]:
    """The recipients that a report names in a header of its own, as some servers do."""
    named = first(headers, "x-failed-recipients") or ""
    found = [address_in(one) for one in named.split(",")[:UNDELIVERED_MAX]]
    return [Undelivered(one, "returned by its mail server", permanent=True) for one in found if one]


def of_delivery_status(part: Message[Any, Any]) -> list[Undelivered]:
    """The recipients that a part `message/delivery-status` says were not reached."""
    found = (_of_block(headers_of(block)) for block in _blocks(part))
    return [one for one in found if one is not None][:UNDELIVERED_MAX]


def _blocks(part: Message[Any, Any]) -> list[Message[Any, Any]]:
    inner: Any = safely(part.get_payload, None)
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def _of_block(fields: Headers) -> Undelivered | None:
    recipient = first(fields, "original-recipient", "final-recipient")
    action = (first(fields, "action") or "").lower()
    address = address_in((recipient or "").rpartition(";")[2].strip())
    if address is None or action not in {"failed", "delayed"}:
        return None
    status, words = first(fields, "status") or "", first(fields, "diagnostic-code") or ""
    reason = " ".join(f"{status} {words.partition(';')[2] or words}".split())
    return Undelivered(address, reason[:REASON_CHARS_MAX] or action, permanent=is_permanent(action, status or words))


def is_permanent(action: str, status: str) -> bool:
    """Whether an address is not worth another try: by its status, else by what was done."""
    code = _STATUS.search(status)
    return action == "failed" and (code is None or code[1] == _PERMANENT)


def of_feedback(part: Message[Any, Any]) -> list[Undelivered]:
    """The recipient that complained, from a part `message/feedback-report`."""
    fields = headers_of(next(iter(_blocks(part)), part))
    kind = first(fields, "feedback-type") or "abuse"
    address = address_in(first(fields, "original-rcpt-to", "removal-recipient"))
    return [Undelivered(address, f"complaint: {kind}"[:REASON_CHARS_MAX], permanent=True)] if address else []
