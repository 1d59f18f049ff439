"""A JSON message with its file inside: `{"document": {...}, "file": {"name": ..., "content": base64}}`, either absent.

For callers that speak nothing but JSON; what is larger than a JSON body may be comes as a form.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

from contracts.problem import Fault
from contracts.strict_json import read_json
from ingress.inbox.document import Box, Parsed
from ingress.inbox.pushed import Beside
from ingress.inbox.twin import read_beside, read_message

_FIELDS: Final = frozenset({"name", "content"})


@dataclass(frozen=True, slots=True)
class Inline:
    """A file as its sender names it."""

    name: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON message: its document, or what stands beside a file without one; and the file."""

    told: Parsed | Beside
    file: Inline | None


def read_inline(body: bytes, *, box: Box) -> Message | list[Fault]:
    """Read the bytes of a JSON message: what it holds, or every fault with its path.

    Raises:
        JsonRefused: they are no JSON, or JSON beyond a bound.
    """
    message = read_json(body, numbers="exact")
    if not isinstance(message, dict) or message.get("file") is None:
        return _with(None, read_message(_without_file(message), box=box))
    file = _file(message.pop("file"))
    told = read_beside(message) if "document" not in message else read_message(message, box=box)
    if isinstance(file, list):
        return [*file, *told] if isinstance(told, list) else file
    return _with(file, told)


def _without_file(message: Any) -> Any:
    return {name: value for name, value in message.items() if name != "file"} if isinstance(message, dict) else message


def _with(file: Inline | None, told: Parsed | Beside | list[Fault]) -> Message | list[Fault]:
    return told if isinstance(told, list) else Message(told, file)


def _file(given: Any) -> Inline | list[Fault]:
    if not isinstance(given, dict):
        return [Fault("file", "must be an object with a name and a content in base64")]
    faults = [
        Fault(f"file.{name[:100]}", "is not a field of this object: leave it out") for name in given.keys() - _FIELDS
    ]
    name, content = given.get("name"), given.get("content")
    if name is not None and not isinstance(name, str):
        faults.append(Fault("file.name", "must be text in quotes"))
    decoded = _decoded(content)
    if decoded is None:
        faults.append(Fault("file.content", "is required" if content is None else "must be text in base64"))
    return faults if faults or decoded is None else Inline(name, decoded)


def _decoded(content: Any) -> bytes | None:
    try:
        return base64.b64decode(content, validate=True) if isinstance(content, str) else None
    except (binascii.Error, ValueError):  # not base64, not ASCII
        return None
