"""Read the lines of a file in bounded memory, in any charset we read, with any line ending.

A line is named by its number as an editor counts it, from 1. Lines end with LF, CR LF or CR alone.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, Final

from contracts.primitives.problem import FieldError

LINE_BYTES_MAX: Final = 256 * 1024
READ_BYTES: Final = 64 * 1024  # one step of work: about a millisecond

CHARSETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "utf-8": "utf-8",
        "utf8": "utf-8",
        "utf-8-sig": "utf-8",
        "us-ascii": "utf-8",
        "ascii": "utf-8",
        "utf-16": "utf-16",
        "utf-16le": "utf-16-le",
        "utf-16be": "utf-16-be",
        # Who says Latin-1 means windows-1252 (WHATWG, Encoding Standard): the C1 controls are in no table.
        "iso-8859-1": "windows-1252",
        "latin-1": "windows-1252",
        "latin1": "windows-1252",
        **{name: name for name in ("iso-8859-2", "iso-8859-13", "iso-8859-15", "macintosh")},
        **{f"windows-{page}": f"windows-{page}" for page in range(1250, 1259)},
        **{f"cp{page}": f"windows-{page}" for page in range(1250, 1259)},
    }
)
"""The charsets that are read, by the names a `Content-Type` may have for them."""

_BOM: Final = "\ufeff"
_BREAK: Final = re.compile(rb"\r\n|\r|\n")
_BLANK: Final = re.compile(rb"(?:[ \t]*(?:\r\n|\r|\n))+")
_NUL: Final = "must not hold a NUL character"
_TOO_LONG: Final = f"has more than {LINE_BYTES_MAX} bytes"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its ending, or the reason why it is not text."""

    number: int
    text: str
    fault: FieldError | None = None


class Lines:
    """The lines of a file from its start. `charset` is a value of `CHARSETS`; None: UTF-8, or UTF-16 with its mark."""

    def __init__(self, file: BinaryIO, charset: str | None = None) -> None:
        file.seek(0)
        if charset is None:
            charset = "utf-16" if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8"
            file.seek(0)
        self._charset = "utf-8" if charset.startswith("utf-16") else charset
        self._named = charset.upper()
        self._blocks = _recoded(file, charset) if charset.startswith("utf-16") else _blocks(file)
        self._block, self._place, self._number = b"", 0, 0

    def skip_blank(self) -> int:
        """Skip blank lines that are already read; return how many, 0 when the next line is not blank."""
        if self._place == len(self._block) and not self._more():
            return 0
        blank = _BLANK.match(self._block, self._place)
        if blank is None:
            return 0
        # A CR at the end may be half of a CR LF: it is left for `next`.
        end = blank.end() - (blank.end() == len(self._block) and self._block.endswith(b"\r"))
        span = self._block[self._place : end]
        skipped = span.count(b"\n") + span.count(b"\r") - span.count(b"\r\n")
        self._place, self._number = end, self._number + skipped
        return skipped

    def next(self) -> Line | None:
        """The next line; None at the end."""
        raw, too_long = self._raw(), False
        if not raw:
            return None
        self._number += 1
        while len(raw) > LINE_BYTES_MAX and not raw.endswith((b"\n", b"\r")):
            too_long, raw = True, self._raw()
        if too_long or len(raw) > LINE_BYTES_MAX:
            return Line(self._number, "", FieldError("", _TOO_LONG))
        return self._decoded(raw)

    def _decoded(self, raw: bytes) -> Line:
        try:
            text = raw.decode(self._charset)
        except UnicodeDecodeError as error:
            message = (
                f"is not {self._named} text from byte {error.start + 1} of the line on: save the file as UTF-8, or"
            )
            return Line(self._number, "", FieldError("", f"{message} name its charset in the Content-Type"))
        if self._number == 1:
            text = text.removeprefix(_BOM)
        return Line(self._number, text, FieldError("", _NUL) if "\0" in text else None)

    def _raw(self) -> bytes:
        """The bytes up to and with the next line ending, or the first part of a line that is too long."""
        searched = self._place
        while True:
            found = _BREAK.search(self._block, searched)
            # A CR at the end of what is read may be half of a CR LF.
            if found is not None and (found.end() < len(self._block) or found[0] != b"\r"):
                return self._cut(found.end())
            size = len(self._block) - self._place
            if size > LINE_BYTES_MAX:
                return self._cut(len(self._block))
            if not self._more():
                return self._cut(len(self._block))
            searched = max(size - 1, 0)

    def _cut(self, end: int) -> bytes:
        raw, self._place = self._block[self._place : end], end
        return raw

    def _more(self) -> bool:
        """Read more, dropping consumed bytes."""
        block = next(self._blocks, b"")
        self._block, self._place = self._block[self._place :] + block, 0
        return bool(block)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(READ_BYTES):
        yield block


def _recoded(file: BinaryIO, charset: str) -> Iterator[bytes]:
    """Convert UTF-16 to UTF-8; invalid UTF-16 becomes invalid UTF-8, in the same line."""
    decoder = codecs.getincrementaldecoder(charset)("surrogatepass")
    while block := file.read(READ_BYTES):
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:  # an odd number of bytes
        yield b"\xff"
