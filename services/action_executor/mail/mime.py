"""Write a mail as MIME (RFC 5322, RFC 2045): headers that cannot be injected, plain text, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

MAIL_BYTES_MAX: Final = 20 * 1024 * 1024  # the bound of common servers, base64 included
_NAME_CHARACTERS_MAX: Final = 200  # as an account's name


class MailFault(ValueError):
    """This mail cannot be written; the message says why."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. `message_id`, `in_reply_to` and `references` are Message-IDs with their angle brackets."""

    message_id: str
    sender: str
    to: Sequence[str]
    subject: str
    body: str
    sender_name: str | None = None
    cc: Sequence[str] = ()
    reply_to: str | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    attachments: Sequence[Attachment] = field(default=())

    @property
    def recipients(self) -> list[str]:
        """All recipients, each once."""
        return list(dict.fromkeys([*self.to, *self.cc]))


def mime_of(mail: Mail, *, dated: datetime) -> EmailMessage:
    """The mail as MIME.

    Raises:
        MailFault: an address is none, or the mail is too large.
    """
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _address(mail.sender, mail.sender_name)
    message["To"] = [_address(one) for one in mail.to]
    if mail.cc:
        message["Cc"] = [_address(one) for one in mail.cc]
    if mail.reply_to:
        message["Reply-To"] = _address(mail.reply_to, mail.sender_name)
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = format_datetime(dated)
    message["Message-ID"] = _one_line(mail.message_id)
    if mail.in_reply_to:
        message["In-Reply-To"] = _one_line(mail.in_reply_to)
    if references := list(dict.fromkeys([*mail.references, *filter(None, [mail.in_reply_to])])):
        message["References"] = " ".join(_one_line(one) for one in references)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office programs do not respond to it
    message.set_content(mail.body)
    for file in mail.attachments:
        main, _, sub = file.content_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.filename)
    if len(bytes(message)) > MAIL_BYTES_MAX:
        raise MailFault(f"the mail has more than {MAIL_BYTES_MAX // 1024**2} MiB with its files: send fewer")
    return message


def _address(address: str, name: str | None = None) -> Address:
    try:
        return Address(display_name=_one_line(name or "")[:_NAME_CHARACTERS_MAX], addr_spec=address)
    except (ValueError, IndexError, HeaderParseError, AttributeError):  # the last of an unclosed bracket, a bug of 3.11
        raise MailFault(f"{address[:100]!r} is no mail address") from None


def _one_line(text: str) -> str:
    return " ".join(text.split())
