"""Clocks that tests turn under running processes: libfaketime reads from a file how far off a process's clock is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.support import distribution
from tests.support.machine import say

PATTERN: Final = "usr/lib/*/faketime/libfaketimeMT.so.1"
INSTALL: Final = """
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends libfaketime
"""


def _found() -> Path | None:
    return min(Path("/").glob(PATTERN), default=None)


async def find_or_install() -> Path | None:
    """The library, installed where that is ours to do; None where it cannot be had."""
    if (library := _found()) is None and await distribution.install("libfaketime", INSTALL, say):
        library = _found()
    return library


def environment_of(library: Path, file: Path) -> dict[str, str]:
    """What a process gets whose clock `turn` turns by this file; it follows within a second."""
    turn(file, 0)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a machine's monotonic clock does not jump either
    }


def turn(file: Path, seconds: int) -> None:
    """Turn the clock to so many seconds ahead of the machine's, or behind it."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    fresh.rename(file)
