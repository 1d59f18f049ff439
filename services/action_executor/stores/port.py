"""The port of a place where files are kept: what every adapter does, and how it fails.

Writes are whole: a reader never sees half a file. A file is made only where none is, and changed only while it is as it
was read, as far as the place can say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

FILE_BYTES_MAX: Final = 20 * 1024 * 1024  # what the inboxes and mails take too
PATH_CHARACTERS_MAX: Final = 500  # an S3 key has 1,024 bytes, prefix and other alphabets included
NAME_BYTES_MAX: Final = 200  # file systems take 255, a temporary name's own part included
DEPTH_MAX: Final = 16  # a mistake in a template rather than a wish

_NOT_IN_A_NAME: Final = re.compile(r"[\x00-\x1f\x7f\\]")


class StoreFault(Exception):
    """The place cannot do it; `retryable` when that may pass by itself."""

    def __init__(self, reason: str, *, retryable: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.retryable = reason, retryable


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was read; `version` lets it be changed only while it is still so."""

    content: bytes
    version: str | None = None


class FileStore(Protocol):
    """One connection's place. Every method raises StoreFault; paths are those of `clean_path`."""

    def location(self, path: str) -> str:
        """Where the file is, to be shown: no secret is part of it."""
        ...

    async def read(self, path: str) -> StoredFile | None:
        """The file, None where there is none."""
        ...

    async def create(self, path: str, content: bytes, content_type: str) -> bool:
        """Write a new file with its folders; False where there is one already."""
        ...

    async def overwrite(self, path: str, content: bytes, content_type: str) -> None:
        """Write a file with its folders, whatever is there."""
        ...

    async def extend(self, path: str, read: StoredFile, addition: bytes, content_type: str) -> bool:
        """Add bytes to the end of a file that was read; False when it has changed since."""
        ...


def clean_path(text: str) -> str:
    """The path of a file below a place's own root: names parted by single slashes.

    Raises:
        ValueError: it leads elsewhere or cannot be a file's everywhere; the message says why.
    """
    if len(text) > PATH_CHARACTERS_MAX:
        raise ValueError(f"must have at most {PATH_CHARACTERS_MAX} characters")
    names = text.strip().strip("/").split("/")
    if len(names) > DEPTH_MAX:
        raise ValueError(f"must have at most {DEPTH_MAX} folders")
    for name in names:
        if name in {"", ".", ".."} or name != name.strip():
            raise ValueError("must be names parted by single slashes, without . and .. and blanks around a name")
        if _NOT_IN_A_NAME.search(name):
            raise ValueError("must not have control characters or backslashes")
        if len(name.encode()) > NAME_BYTES_MAX:
            raise ValueError(f"must have names of at most {NAME_BYTES_MAX} bytes")
    return "/".join(names)


def numbered(path: str, number: int) -> str:
    """The path under another name: `invoices/A-1.pdf` becomes `invoices/A-1 (2).pdf`."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    return f"{folder}{slash}{stem} ({number}){dot}{ending}"
