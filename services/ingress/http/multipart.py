"""Take a `multipart/form-data` body apart as it arrives: bytes in, parts out, nothing gathered but a part's head.

RFC 7578 and 2046, strictly: CRLF line ends, a boundary of at most 70 characters, a closing delimiter that must come.
What a part says of its own length or encoding is not believed: its bytes are those up to the next delimiter, as they
are. How many parts and bytes are taken is its user's to bound; what precedes the first part and each head is bounded
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import unquote

HEAD_BYTES_MAX: Final = 8 * 1024
PREAMBLE_BYTES_MAX: Final = 8 * 1024
PADDING_BYTES_MAX: Final = 62  # spaces after a boundary

_BOUNDARY: Final = re.compile(r"""[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]""", re.ASCII)
_PARAMETER: Final = re.compile(r';\s*([\w*-]{1,40})\s*=\s*("(?:\\.|[^"\\])*"|[^;\s"]*)', re.ASCII)
_EXTENDED: Final = re.compile(r"utf-8'[^']*'(.*)", re.ASCII | re.IGNORECASE)


class FormBroken(ValueError):
    """These bytes are no form; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part begins: its field's name, and the name and type that the sender gives its content."""

    name: str
    filename: str | None
    content_type: str | None


Event = Part | bytes
"""A part that begins, or bytes of the part that began last."""


def boundary_of(content_type: str) -> str | None:
    """The boundary that a Content-Type names; None when it is not `multipart/form-data`.

    Raises:
        FormBroken: it names none, or one that RFC 2046 does not allow.
    """
    kind, _, _ = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        return None
    named = _parameters(content_type).get("boundary", "")
    if not _BOUNDARY.fullmatch(named):
        raise FormBroken("its Content-Type names no boundary of 1 to 70 characters")
    return named


class _State(Enum):
    PREAMBLE = auto()
    DELIMITED = auto()
    HEAD = auto()
    BODY = auto()
    OVER = auto()


class FormParser:
    """Reads one form. `feed` takes bytes as they come, in pieces of any size; `end` says that there are no more."""

    __slots__ = ("_before_content", "_buffer", "_delimiter", "_state")

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._buffer = bytearray(b"\r\n")  # the first delimiter may stand at the very start
        self._before_content = 0
        self._state = _State.PREAMBLE

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take bytes; give what is known by them.

        Raises:
            FormBroken: they are no form.
        """
        self._buffer += data
        moving = True
        while moving:
            match self._state:
                case _State.PREAMBLE:
                    moving = self._skip_preamble()
                case _State.DELIMITED:
                    moving = self._after_delimiter()
                case _State.HEAD:
                    part = self._head()
                    moving = part is not None
                    if part is not None:
                        yield part
                case _State.BODY:
                    content, moving = self._content()
                    if content:
                        yield content
                case _State.OVER:  # what follows the last delimiter means nothing
                    self._buffer.clear()
                    moving = False

    def end(self) -> None:
        """Say that all bytes have come.

        Raises:
            FormBroken: the last delimiter has not.
        """
        if self._state is not _State.OVER:
            raise FormBroken("it breaks off before its last boundary")

    def _skip_preamble(self) -> bool:
        found = self._buffer.find(self._delimiter)
        if found < 0:
            if len(self._buffer) > PREAMBLE_BYTES_MAX:
                raise FormBroken("its first boundary does not come")
            return False
        self._drop(found + len(self._delimiter))
        self._state = _State.DELIMITED
        return True

    def _after_delimiter(self) -> bool:
        start = bytes(self._buffer[: PADDING_BYTES_MAX + 2])
        padding = len(start) - len(start.lstrip(b" \t"))
        follows = start[padding : padding + 2]
        if len(follows) < 2 and padding <= PADDING_BYTES_MAX:  # noqa: PLR2004  CRLF or two dashes
            return False
        if follows == b"--" and not padding:
            self._state = _State.OVER
        elif follows == b"\r\n":
            self._drop(padding)  # the CRLF stays, so that a part without a head has the same end of head
            self._state = _State.HEAD
        else:
            raise FormBroken("a boundary in it is followed by something else than a line's end")
        return True

    def _head(self) -> Part | None:
        end = self._buffer.find(b"\r\n\r\n")
        if (len(self._buffer) if end < 0 else end) > HEAD_BYTES_MAX:
            raise FormBroken(f"the head of a part has more than {HEAD_BYTES_MAX} bytes")
        if end < 0:
            return None
        lines = bytes(self._buffer[:end]).decode("utf-8", "replace").split("\r\n")
        # A CRLF stays: with it the delimiter of a part without content begins.
        self._drop(end + 2)
        self._before_content = 2
        self._state = _State.BODY
        return _part(lines)

    def _content(self) -> tuple[bytes, bool]:
        """The bytes that belong to the part for sure, and whether its end was found among them."""
        found = self._buffer.find(self._delimiter)
        sure = found if found >= 0 else len(self._buffer) - len(self._delimiter) + 1
        if found < 0 and sure <= self._before_content:
            return b"", False
        content = bytes(self._buffer[self._before_content : sure])
        self._before_content = 0
        self._drop(sure)
        if found >= 0:
            self._drop(len(self._delimiter))
            self._state = _State.DELIMITED
        return content, found >= 0

    def _drop(self, count: int) -> None:
        del self._buffer[:count]


def _part(lines: list[str]) -> Part:
    headers: dict[str, str] = {}
    for line in filter(None, lines):
        name, colon, value = line.partition(":")
        if not colon:
            raise FormBroken("the head of a part has a line that is no header")
        headers[name.strip().lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    parameters = _parameters(disposition)
    if disposition.partition(";")[0].strip().lower() != "form-data" or not parameters.get("name"):
        raise FormBroken("a part of it has no name (Content-Disposition: form-data; name=...)")
    return Part(parameters["name"], _filename(parameters), headers.get("content-type"))


def _filename(parameters: dict[str, str]) -> str | None:
    """The name, in whichever way its sender writes what is not ASCII: as it is, RFC 5987, or escaped like a URL."""
    extended = _EXTENDED.fullmatch(parameters.get("filename*", ""))
    name = extended[1] if extended else parameters.get("filename")
    try:
        return name if name is None else unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name


def _parameters(header: str) -> dict[str, str]:
    """A header's parameters, the first of each name; quotes are undone, a backslash only before a quote or itself.

    Old browsers send whole Windows paths with single backslashes.
    """
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(header):
        plain = re.sub(r'\\(["\\])', r"\1", value[1:-1]) if value.startswith('"') else value
        found.setdefault(name.lower(), plain)
    return found
