"""Parse a `multipart/form-data` body as it arrives: bytes in, parts out, only a part's head is buffered.

python-multipart's push parser reads the bytes (RFC 7578 and 2046: CRLF line ends, a required closing delimiter). This
module adds its missing bounds, the preamble that it does not accept, and the parsing of a part's head. A part's own
statement of its length or encoding is ignored: its bytes are those up to the next delimiter. The caller bounds the
number of parts and bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

HEAD_BYTES_MAX: Final = 8 * 1024
PREAMBLE_BYTES_MAX: Final = 8 * 1024
HEADERS_MAX: Final = 64  # of one part; browsers send two
PIECE_BYTES: Final = 64 * 1024  # bytes between two checks of the parser's output
UNHEARD_BYTES_MAX: Final = 64 * 1024  # of spaces after a boundary, which the parser reads one by one

_BOUNDARY: Final = re.compile(r"""[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]""", re.ASCII)
_PARAMETER: Final = re.compile(r';\s*([\w*-]{1,40})\s*=\s*("(?:\\.|[^"\\])*"|[^;\s"]*)', re.ASCII)
_EXTENDED: Final = re.compile(r"utf-8'[^']*'(.*)", re.ASCII | re.IGNORECASE)


class FormBroken(ValueError):
    """The bytes are not a form; the message says why."""


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


class FormParser:
    """Reads one form. `feed` takes bytes as they come, in pieces of any size; `end` says that there are no more."""

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"--" + boundary.encode("ascii")
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
            max_header_count=HEADERS_MAX,
            max_header_size=HEAD_BYTES_MAX,
        )
        self._preamble: bytearray | None = bytearray(b"\r\n")  # the first delimiter may stand at the very start
        self._events: list[Event] = []
        self._headers: dict[str, str] = {}
        self._name, self._value, self._head_bytes = bytearray(), bytearray(), 0
        self._first = bytearray()  # of a part's content, as many bytes as the delimiter has
        self._unheard_bytes = 0  # read since the parser last said something
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """Parse bytes; return the parts and bytes they complete.

        Raises:
            FormBroken: they are not a form.
        """
        if self._preamble is not None:
            data = self._after_preamble(data)
        for start in range(0, len(data), PIECE_BYTES):
            piece = data[start : start + PIECE_BYTES]
            try:
                self._parser.write(piece)
            except MultipartParseError as error:
                raise FormBroken(f"it is not as RFC 7578 has it: {error}") from None
            self._unheard_bytes = 0 if self._events or self._is_over else self._unheard_bytes + len(piece)
            if self._unheard_bytes > UNHEARD_BYTES_MAX:
                raise FormBroken("a boundary in it is followed by something else than a line's end")
            events, self._events = self._events, []
            yield from events

    def end(self) -> None:
        """Finish the form.

        Raises:
            FormBroken: the last delimiter is missing.
        """
        if not self._is_over:
            raise FormBroken("it is truncated before its last boundary")

    def _after_preamble(self, data: bytes) -> bytes:
        """Skip the bytes before the first delimiter, which the parser does not accept."""
        preamble = self._preamble or bytearray()
        preamble += data
        found = preamble.find(b"\r\n" + self._delimiter)
        if found < 0:
            if len(preamble) > PREAMBLE_BYTES_MAX:
                raise FormBroken("its first boundary does not come")
            return b""
        self._preamble = None
        return bytes(preamble[found + 2 :])

    def _on_part_begin(self) -> None:
        self._headers, self._head_bytes = {}, 0
        self._first.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._count(end - start)

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count(end - start)

    def _count(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > HEAD_BYTES_MAX:
            raise FormBroken(f"the head of a part has more than {HEAD_BYTES_MAX} bytes")

    def _on_header_end(self) -> None:
        name, value = self._name.decode("ascii").lower(), self._value.decode("utf-8", "replace").strip()
        self._headers[name] = value
        self._name.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        self._events.append(_part(self._headers))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if len(self._first) < len(self._delimiter):
            self._first += data[start : min(end, start + len(self._delimiter) - len(self._first))]
            if self._first == self._delimiter:  # the parser would read the next part as this one's content
                raise FormBroken("a part of it has no content, not even an empty line")
        self._events.append(data[start:end])

    def _on_end(self) -> None:
        self._is_over = True


def _part(headers: dict[str, str]) -> Part:
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
