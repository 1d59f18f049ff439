"""The file of a backup: a tar that is written and read in one pass, with bounded memory, also through a pipe.

`manifest.json` comes first, then `secret_keys` if they are part of it, the files, the database as numbered pieces of
`pg_dump`'s SQL, compressed, and `end.json` with the dump's SHA-256 last: a file that was cut off is recognised by it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

FORMAT: Final = 1
PIECE_BYTES: Final = 8 * 1024 * 1024  # of the dump before it is compressed, held in memory at a time
COPY_BYTES: Final = 256 * 1024  # read and handed on at a time
SMALL_BYTES_MAX: Final = 1024 * 1024  # of a manifest, keys or the end
MANIFEST: Final = "manifest.json"
KEYS: Final = "secret_keys"
FILES: Final = "files/"
DATABASE: Final = "database/"
END: Final = "end.json"


class BackupError(Exception):
    """The backup or the restore cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of: when its snapshot was taken, by which version, and the migrations of each service."""

    format: int
    version: str
    taken_at: str
    accounts: int
    postgres_major: int
    migrations: dict[str, list[str]]

    @classmethod
    def read(cls, content: bytes) -> Manifest:
        """Read what `ArchiveWriter` wrote.

        Raises:
            BackupError: it is none, or of a newer format.
        """
        try:
            found = json.loads(content)
            manifest = cls(**found)
        except (ValueError, TypeError):
            raise BackupError("the manifest cannot be read: this is no file of `ledgerwire backup`") from None
        if manifest.format != FORMAT:
            raise BackupError(f"it has format {manifest.format}, and this version reads {FORMAT}: use a newer version")
        return manifest


class ArchiveWriter:
    """Writes the members in their order."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  closed by finish
        self._sha256, self._pieces, self._files = hashlib.sha256(), 0, 0

    def manifest(self, manifest: Manifest) -> None:
        """Write the manifest."""
        self._add(MANIFEST, json.dumps(asdict(manifest), indent=1).encode())

    def keys(self, keys: str) -> None:
        """Write the keys that encrypt stored secrets."""
        self._add(KEYS, keys.encode("ascii"))

    def file(self, path: Path, name: str) -> None:
        """Write one stored file; `name` is its path below the directory of files."""
        with path.open("rb") as content:
            member = self._tar.gettarinfo(arcname=FILES + name, fileobj=content)
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            self._tar.addfile(member, content)
        _forget_members(self._tar)
        self._files += 1

    def piece(self, dumped: bytes) -> None:
        """Write the next bytes of the dump."""
        self._sha256.update(dumped)
        self._pieces += 1
        self._add(f"{DATABASE}{self._pieces:06}", dumped)

    def finish(self) -> None:
        """Write the end."""
        end = {"sha256": self._sha256.hexdigest(), "pieces": self._pieces, "files": self._files}
        self._add(END, json.dumps(end).encode())
        self._tar.close()

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
        self._tar.addfile(member, io.BytesIO(content))
        _forget_members(self._tar)


@dataclass(frozen=True, slots=True)
class Member:
    """One member while it is being read: its name, size in bytes and content."""

    name: str
    size: int
    content: IO[bytes]

    def small(self) -> bytes:
        """The whole content of a member that is small.

        Raises:
            BackupError: it is not.
        """
        if self.size > SMALL_BYTES_MAX:
            raise BackupError(f"{self.name} has {self.size} bytes: this is no file of `ledgerwire backup`")
        return self.content.read()


def read_members(stream: IO[bytes]) -> Iterator[Member]:
    """The members in their order; each is read before the next.

    Raises:
        BackupError: the file is cut off, damaged, or none of ours.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            while (found := tar.next()) is not None:
                _forget_members(tar)
                content = tar.extractfile(found) if found.isreg() else None
                if content is None:
                    raise BackupError(f"{found.name} is no regular file: this is no file of `ledgerwire backup`")
                yield Member(found.name, found.size, content)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"the file cannot be read: {error}; it is cut off or none of `ledgerwire backup`") from None


def _forget_members(tar: tarfile.TarFile) -> None:
    """Keep memory bounded: tarfile keeps each member that it wrote or read."""
    vars(tar)["members"] = []


class DumpCheck:
    """Counts what was read, and compares it with the end."""

    def __init__(self) -> None:
        self._sha256, self._pieces, self._files, self._ended = hashlib.sha256(), 0, 0, False

    def piece(self, dumped: bytes) -> None:
        """Count bytes of the dump."""
        self._sha256.update(dumped)

    def next_piece(self) -> None:
        """Count a piece."""
        self._pieces += 1

    def file(self) -> None:
        """Count a file."""
        self._files += 1

    def end(self, content: bytes) -> None:
        """Compare with the end that was written.

        Raises:
            BackupError: something is missing or damaged.
        """
        expected = {"sha256": self._sha256.hexdigest(), "pieces": self._pieces, "files": self._files}
        if json.loads(content) != expected:
            raise BackupError("the file is damaged: its database or files are not those that were written")
        self._ended = True

    def require_end(self) -> None:
        """Require that the end was read.

        Raises:
            BackupError: the file is cut off.
        """
        if not self._ended:
            raise BackupError("the file is cut off: its end is missing")
