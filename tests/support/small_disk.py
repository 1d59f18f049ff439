"""A disk of its own for one server, small enough to be filled: memory, mounted where its data will be."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.watchdog import watchdog

FILLER: Final = "filler"
PIECE_BYTES: Final = 64 * 1024 * 1024
BLOCK_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted directory."""

    directory: Path
    watched: int

    async def fill(self) -> None:
        """Take all room that is left."""
        await asyncio.to_thread(self._fill)

    async def empty(self) -> None:
        """Give the room back."""
        await asyncio.to_thread((self.directory / FILLER).unlink)

    def unmount(self) -> None:
        """Let it go with all that is on it."""
        subprocess.run(["umount", "--lazy", self.directory], check=True, timeout=60)
        watchdog().withdraw(self.watched)

    def _fill(self) -> None:
        piece = PIECE_BYTES
        with (self.directory / FILLER).open("ab") as file:
            while piece >= BLOCK_BYTES:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, piece)
                except OSError as error:  # others write at the same time
                    if error.errno != errno.ENOSPC:
                        raise
                    piece //= 2


def can_mount() -> bool:
    """Whether this process may mount: root outside of most containers."""
    return os.geteuid() == 0 and shutil.which("unshare") is not None and _try_it()


def mount(directory: Path, *, megabytes: int) -> SmallDisk:
    """Mount a disk on an empty directory; it goes when we go."""
    options = f"size={megabytes}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=True, timeout=60)
    return SmallDisk(directory, watchdog().run_after_us("umount", "--lazy", str(directory)))


def _try_it() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0
