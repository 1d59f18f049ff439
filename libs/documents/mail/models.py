"""What is read of a message that came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from contracts.resources.messages import Automatic, Channel

BODY_CHARS_MAX: Final = 100_000  # about 30 pages; the source has all of it
FILES_MAX: Final = 50  # of one mail that are kept; the source has all of them


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file of a message, under the name and type that its sender gives it."""

    name: str | None
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An address that a message did not reach; a failure that is not permanent may pass by itself."""

    address: str
    reason: str
    permanent: bool

    def as_json(self) -> dict[str, Any]:
        """As the command carries it."""
        return {"address": self.address, "reason": self.reason, "permanent": self.permanent}


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as a provider or a program posts it, not read yet: a whole mail as `mime`, or its parts.

    `headers` are those of the mail where they are posted. `automatic` and `undelivered` say what a provider reports.
    """

    channel: Channel
    sender: str | None = None
    recipient: str | None = None
    subject: str | None = None
    text: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    provider_message_id: str | None = None
    in_reply_to: str | None = None
    automatic: Automatic | None = None
    undelivered: tuple[Undelivered, ...] = ()
    files: tuple[MailFile, ...] = ()
    mime: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A message that was read. `tokens` are the messages of ours that its text names.

    `references` are the Message-IDs that it answers or reports on, the nearest first.
    """

    sender: str | None = None
    recipient: str | None = None
    subject: str | None = None
    body: str = ""
    quoted: str | None = None
    provider_message_id: str | None = None
    references: tuple[str, ...] = ()
    tokens: tuple[UUID, ...] = ()
    automatic: Automatic | None = None
    undelivered: tuple[Undelivered, ...] = ()
    files: tuple[MailFile, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """All of it but the contents of its files."""
        return {
            "sender": self.sender,
            "recipient": self.recipient,
            "subject": self.subject,
            "body": self.body,
            "quoted": self.quoted,
            "provider_message_id": self.provider_message_id,
            "references": list(self.references),
            "tokens": [str(token) for token in self.tokens],
            "automatic": self.automatic,
            "undelivered": [one.as_json() for one in self.undelivered],
            "files": [[file.name, file.content_type, len(file.content)] for file in self.files],
        }


def from_json(given: Mapping[str, Any], contents: tuple[bytes, ...]) -> ReadMail:
    """A message from `as_json` and the contents of its files."""
    files = zip(given["files"], contents, strict=True)
    return ReadMail(
        **{name: given[name] for name in ("sender", "recipient", "subject", "body", "quoted", "provider_message_id")},
        references=tuple(given["references"]),
        tokens=tuple(UUID(token) for token in given["tokens"]),
        automatic=given["automatic"],
        undelivered=tuple(Undelivered(**one) for one in given["undelivered"]),
        files=tuple(MailFile(name, content_type, content) for (name, content_type, _), content in files),
    )
