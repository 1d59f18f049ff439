"""A received inbox message: a document, a file, or both, in the form of the ledger's command.

`content`, a digest of everything that was sent, identifies a repeated message. A message of the same `identity` with
other content resembles it, and so does one of the same `reference` through another channel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from pydantic import ConfigDict

from contracts.resources.inbox import MessageWarning, message_warning
from documents.command_form import as_json, identity, reference
from documents.document import DocumentText, Links
from documents.filetype import PDF
from documents.parsed import Parsed

UNREAD: Final = message_warning("unread_file", "file", "was not read: enter its content when the message is accepted")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored file: a safe name, the type recognised from its bytes, its size in bytes and their SHA-256 in hex."""

    name: str
    content_type: str
    size: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return the form that the command carries."""
        return {"name": self.name, "content_type": self.content_type, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccompanyingFields:
    """The fields that may accompany a file without a document."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    links: Links | None = None
    comment: DocumentText | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the form that the command carries: a message whose document has no fields."""
        links = {name: address for name, address in asdict(self.links).items() if address} if self.links else None
        beside = {"links": links, "comment": self.comment}
        return {"document": {}, **{name: value for name, value in beside.items() if value}}


_NOTHING: Final = AccompanyingFields()


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message. `raw` are the document's bytes as they came, of `content_type`; empty for a file alone.

    Where they are kept in the file store instead, `raw` is empty and `raw_file` names them.
    `data` is `{"format", "document", "links", "comment", "auto_processing", "file", "attachments"}`, what is absent
    left out.
    """

    raw: bytes
    content_type: str
    data: dict[str, Any]
    warnings: list[MessageWarning]
    identity: tuple[str, str]
    reference: tuple[str, str]
    content: bytes
    raw_file: StoredFile | None = None


def of_document(
    raw: bytes,
    content_type: str,
    parsed: Parsed,
    digest: bytes,
    file: StoredFile | None = None,
    beside: AccompanyingFields | None = None,
    attachments: Sequence[StoredFile] = (),
) -> ReceivedMessage:
    """Make a message of a document, its digest, its file and the form's other parts.

    Without a file of its own the message has the first PDF of its attachments.
    """
    data = as_json(parsed.document) | {"format": parsed.format}
    original = file or next((one for one in attachments if one.content_type == PDF), None)
    if original is not None:
        data["file"] = original.as_json()
    if attachments:
        data["attachments"] = [one.as_json() for one in attachments]
    content = digest if file is None and beside in {None, _NOTHING} else _digest_of_all(digest, file, beside)
    warnings = [message_warning(warning.code, warning.path, warning.message) for warning in parsed.warnings]
    known, anywhere = identity(parsed.document), reference(parsed.document)
    return ReceivedMessage(raw, content_type, data, warnings, known, anywhere, content)


def of_file(
    beside: AccompanyingFields, file: StoredFile, warnings: Sequence[MessageWarning] = (UNREAD,)
) -> ReceivedMessage:
    """Make a message of a file that only a person can read."""
    data = beside.as_json() | {"format": "file", "file": file.as_json()}
    # No supplier's identity begins so: they are "", "reg:..." or "name:...".
    content = _digest_of_all(b"", file, beside)
    known = ("file", file.sha256)
    return ReceivedMessage(b"", file.content_type, data, list(warnings), known, known, content)


def _digest_of_all(document: bytes, file: StoredFile | None, beside: AccompanyingFields | None) -> bytes:
    parts = [document.hex(), file and file.sha256, beside and beside.as_json()]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()
