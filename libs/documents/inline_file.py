"""A JSON message with its file inside: `{"document": {...}, "file": {"name": ..., "content": base64}}`, either absent.

For callers that only send JSON; a file that is larger than a JSON body may be is sent as a form.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

from contracts.primitives.problem import FieldError
from contracts.strict_json import read_json
from documents.document import InboxKind
from documents.json_format import read_beside, read_message
from documents.parsed import Parsed
from documents.received import AccompanyingFields

_FIELDS: Final = frozenset({"name", "content"})


@dataclass(frozen=True, slots=True)
class Inline:
    """A file as its sender names it."""

    name: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON message: its document, or what stands beside a file without one; and the file."""

    content: Parsed | AccompanyingFields
    file: Inline | None


def read_inline(body: bytes, *, box: InboxKind) -> Message | list[FieldError]:
    """Read the bytes of a JSON message: what it holds, or every fault with its path.

    Raises:
        JsonRefused: they are no JSON, or JSON beyond a bound.
    """
    message = read_json(body, numbers="exact")
    if not isinstance(message, dict) or message.get("file") is None:
        return _with(None, read_message(_without_file(message), box=box))
    file = _file(message.pop("file"))
    content = read_beside(message) if "document" not in message else read_message(message, box=box)
    if isinstance(file, list):
        return [*file, *content] if isinstance(content, list) else file
    return _with(file, content)


def _without_file(message: Any) -> Any:
    return {name: value for name, value in message.items() if name != "file"} if isinstance(message, dict) else message


def _with(file: Inline | None, content: Parsed | AccompanyingFields | list[FieldError]) -> Message | list[FieldError]:
    return content if isinstance(content, list) else Message(content, file)


def _file(given: Any) -> Inline | list[FieldError]:
    if not isinstance(given, dict):
        return [FieldError("file", "must be an object with a name and a content in base64")]
    faults = [
        FieldError(f"file.{name[:100]}", "is not a field of this object: leave it out")
        for name in given.keys() - _FIELDS
    ]
    name, content = given.get("name"), given.get("content")
    if name is not None and not isinstance(name, str):
        faults.append(FieldError("file.name", "must be text in quotes"))
    decoded = _decoded(content)
    if decoded is None:
        faults.append(FieldError("file.content", "is required" if content is None else "must be text in base64"))
    return faults if faults or decoded is None else Inline(name, decoded)


def _decoded(content: Any) -> bytes | None:
    try:
        return base64.b64decode(content, validate=True) if isinstance(content, str) else None
    except (binascii.Error, ValueError):  # not base64, not ASCII
        return None
