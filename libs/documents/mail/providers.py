"""Read what programs and providers post about messages that came in.

Mailgun, SendGrid, Postmark, Twilio and Vonage are recognised by their fields; all else is checked against our own form.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, StringConstraints, ValidationError

from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.messages import Automatic, Channel
from contracts.resources.received_messages import ADDRESS_CHARS_MAX, UNDELIVERED_MAX
from contracts.resources.schemas import Model
from documents.mail.headers import HEADERS_MAX, address_in, clean
from documents.mail.models import BODY_CHARS_MAX, FILES_MAX, MailFile, Posted, Undelivered
from documents.mail.reports import REASON_CHARS_MAX

Read = Posted | list[FieldError]

_Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ADDRESS_CHARS_MAX)]
_Id = Annotated[str, StringConstraints(max_length=998)]


class InboundMessageIn(Model):
    """A message that came in, as our own JSON has it: `in_reply_to` is a Message-ID that it answers."""

    channel: Channel
    sender: _Address = Field(alias="from")
    body: Annotated[str, StringConstraints(max_length=BODY_CHARS_MAX)]
    recipient: _Address | None = Field(default=None, alias="to")
    subject: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    in_reply_to: _Id | None = None


def from_json(given: Any) -> Read:
    """Read what is posted as JSON; faults where it is no message that is known here."""
    if isinstance(given, list):
        return _sendgrid_events([one for one in given if isinstance(one, dict)])
    if not isinstance(given, dict):
        return [FieldError("/", "must be an object: a message, or what a provider posts")]
    read = next((read for is_its, read in _JSON_FORMS if is_its(given)), _own)
    return read(given)


def from_form(fields: Mapping[str, bytes], files: Sequence[MailFile]) -> Read:
    """Read what is posted as a form, with its files."""
    texts = {name: value.decode("utf-8", "replace") for name, value in fields.items() if name not in _MIMES}
    mime = next((fields[name] for name in _MIMES if name in fields and (name != "email" or "from" in fields)), None)
    if mime is not None:
        return Posted("email", mime=mime)
    if "From" in texts and ("MessageSid" in texts or "SmsSid" in texts):
        return _twilio(texts)
    if "msisdn" in texts:
        return _vonage(texts)
    if "body-plain" in texts or "stripped-text" in texts:
        return _mailgun(texts, files)
    if "envelope" in texts or "SPF" in texts or "sender_ip" in texts:
        return _sendgrid(fields, texts, files)
    return _own(texts)


_MIMES: Final = ("body-mime", "email")
"""Fields that hold a whole mail: Mailgun's, and SendGrid's with its raw option."""


def _own(given: Mapping[str, Any]) -> Read:
    try:
        read = InboundMessageIn.model_validate(given)
    except ValidationError as error:
        return field_errors(error)
    return Posted(
        channel=read.channel,
        sender=read.sender,
        recipient=read.recipient,
        subject=read.subject,
        text=read.body,
        in_reply_to=_bracketed(read.in_reply_to),
    )


def _text(given: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is text and not blank."""
    return next((value for name in names if isinstance(value := given.get(name), str) and value.strip()), "")


def _bracketed(message_id: str | None) -> str | None:
    """A Message-ID with its angle brackets, which some leave out."""
    if not message_id or not message_id.strip():
        return None
    return message_id if "<" in message_id else f"<{message_id.strip()}>"


def _pairs(given: Any, name: str = "", value: str = "") -> tuple[tuple[str, str], ...]:
    """Headers from a list of pairs, or of objects with these two names."""
    found = []
    for one in given[:HEADERS_MAX] if isinstance(given, list) else []:
        pair = (one.get(name), one.get(value)) if isinstance(one, dict) else tuple(one) if isinstance(one, list) else ()
        if len(pair) == 2 and all(isinstance(part, str) for part in pair):  # noqa: PLR2004  a name and a value
            found.append((str(pair[0]).lower(), str(pair[1])))
    return tuple(found)


def _postmark(given: Mapping[str, Any]) -> Read:
    files = given.get("Attachments")
    headers = _pairs(given.get("Headers"), "Name", "Value")
    return Posted(
        channel="email",
        sender=_text(given, "From"),
        recipient=_text(given, "OriginalRecipient", "To"),
        subject=_text(given, "Subject"),
        text=_text(given, "TextBody"),
        html=_text(given, "HtmlBody"),
        headers=headers,
        provider_message_id=_bracketed(_text(given, "MessageID")),
        files=tuple(_postmark_file(one) for one in (files if isinstance(files, list) else [])[:FILES_MAX]),
    )


def _postmark_file(given: Any) -> MailFile:
    about = given if isinstance(given, dict) else {}
    try:
        content = base64.b64decode(_text(about, "Content"), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    return MailFile(_text(about, "Name") or None, _text(about, "ContentType"), content)


def _postmark_report(given: Mapping[str, Any]) -> Read:
    is_complaint = given["RecordType"] == "SpamComplaint"
    words = " ".join([_text(given, "Description"), _text(given, "Details")]).strip()
    is_permanent = is_complaint or given.get("Inactive") is True or _text(given, "Type") in _POSTMARK_PERMANENT
    gone = _gone(_text(given, "Email"), words or _text(given, "Type"), permanent=is_permanent)
    return _report("complaint" if is_complaint else "bounce", [gone], _text(given, "MessageID"))


_POSTMARK_PERMANENT: Final = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated", "Unsubscribe"})


def _gone(address: str, words: str, *, permanent: bool) -> Undelivered | None:
    found = address_in(address)
    return None if found is None else Undelivered(found, words[:REASON_CHARS_MAX] or "returned", permanent=permanent)


def _report(kind: Automatic, gone: Sequence[Undelivered | None], message_id: str) -> Read:
    found = tuple(one for one in gone if one is not None)[:UNDELIVERED_MAX]
    if not found:
        return [FieldError("/", "reports no address that a message did not reach")]
    words = "\n".join(f"{one.address}: {one.reason}" for one in found)
    answered = _bracketed(message_id)
    return Posted("email", text=words, automatic=kind, undelivered=found, in_reply_to=answered)


def _mailgun_event(given: Mapping[str, Any]) -> Read:
    kind, status = given.get("event"), given.get("delivery-status")
    about = status if isinstance(status, dict) else {}
    message = given.get("message")
    headers = message.get("headers") if isinstance(message, dict) else None
    message_id = _text(headers, "message-id") if isinstance(headers, dict) else ""
    words = " ".join(str(about[name]) for name in ("code", "message", "description") if about.get(name))
    permanent = kind == "complained" or given.get("severity") == "permanent"
    gone = _gone(_text(given, "recipient"), words, permanent=permanent)
    return _report("complaint" if kind == "complained" else "bounce", [gone], message_id)


def _sendgrid_events(events: Sequence[Mapping[str, Any]]) -> Read:
    complained = [one for one in events if one.get("event") == "spamreport"]
    bounced = [one for one in events if one.get("event") in {"bounce", "dropped", "deferred"}]
    reported = complained or bounced
    gone = [
        _gone(
            _text(one, "email"),
            " ".join([_text(one, "status"), _text(one, "reason")]).strip(),
            permanent=bool(complained) or (one["event"] == "bounce" and one.get("type") != "blocked"),
        )
        for one in reported[:UNDELIVERED_MAX]
    ]
    message_id = _text(reported[0], "smtp-id") if reported else ""
    return _report("complaint" if complained else "bounce", gone, message_id)


def _mailgun(texts: Mapping[str, str], files: Sequence[MailFile]) -> Read:
    return Posted(
        channel="email",
        sender=_text(texts, "from", "From", "sender"),
        recipient=_text(texts, "recipient", "To"),
        subject=_text(texts, "subject", "Subject"),
        text=_text(texts, "body-plain"),
        html=_text(texts, "body-html"),
        headers=_pairs(_json(texts.get("message-headers"))),
        provider_message_id=_bracketed(_text(texts, "Message-Id", "Message-ID")),
        in_reply_to=_bracketed(_text(texts, "In-Reply-To")),
        files=tuple(files),
    )


def _json(text: str | None) -> Any:
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None


def _sendgrid(fields: Mapping[str, bytes], texts: Mapping[str, str], files: Sequence[MailFile]) -> Read:
    charsets, envelope = _json(texts.get("charsets")), _json(texts.get("envelope"))
    text = _in_charset(fields.get("text", b""), charsets, "text")
    html = _in_charset(fields.get("html", b""), charsets, "html")
    to = envelope.get("to") if isinstance(envelope, dict) else None
    lines = texts.get("headers", "").replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    parted = (line.partition(":") for line in lines[:HEADERS_MAX] if ":" in line)
    return Posted(
        channel="email",
        sender=_text(texts, "from"),
        recipient=to[0] if isinstance(to, list) and to and isinstance(to[0], str) else _text(texts, "to"),
        subject=_in_charset(fields.get("subject", b""), charsets, "subject"),
        text=text,
        html=html,
        headers=tuple((name.strip().lower(), value.strip()) for name, _, value in parted),
        files=tuple(files),
    )


def _in_charset(content: bytes, charsets: Any, name: str) -> str:
    """A field in the charset that the provider says it left it in."""
    charset = charsets.get(name) if isinstance(charsets, dict) else None
    try:
        return clean(content.decode(charset if isinstance(charset, str) else "utf-8", "replace"))
    except (LookupError, ValueError):
        return clean(content.decode("utf-8", "replace"))


def _twilio(texts: Mapping[str, str]) -> Read:
    return Posted("sms", sender=_text(texts, "From"), recipient=_text(texts, "To"), text=texts.get("Body", ""))


def _vonage(given: Mapping[str, Any]) -> Read:
    sender = _text(given, "msisdn", "from")
    if not sender:
        return [FieldError("from", "is required")]
    number = sender if sender.startswith("+") else f"+{sender.lstrip('0')}"  # they leave the plus out
    return Posted("sms", sender=number, recipient=_text(given, "to"), text=_text(given, "text"))


_JSON_FORMS: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], Read]], ...]] = (
    (lambda given: given.get("RecordType") in {"Bounce", "SpamComplaint"}, _postmark_report),
    (lambda given: "FromFull" in given or ("From" in given and "TextBody" in given), _postmark),
    (lambda given: isinstance(given.get("event-data"), dict), lambda given: _mailgun_event(given["event-data"])),
    (lambda given: "msisdn" in given or "message_uuid" in given, _vonage),
)
"""By which fields each provider's JSON is recognised, and what reads it."""
