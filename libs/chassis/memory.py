"""Return large blocks to the system as soon as they are freed."""

from __future__ import annotations

import ctypes
from typing import Final

LARGE_BLOCK_BYTES: Final = 512 * 1024
"""From here on a block is a mapping of its own (glibc's mallopt(3), M_MMAP_THRESHOLD).

By itself the threshold rises to 32 MiB once a block of that size was freed; documents then come from the heap, whose
holes a process keeps.
"""

_M_MMAP_THRESHOLD: Final = -3


def return_freed_blocks() -> None:
    """Fix the size from which blocks are mapped; without glibc, whose setting it is, nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
