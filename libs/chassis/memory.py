"""Set how this process frees memory: large blocks at once, and few searches for cycles."""

from __future__ import annotations

import ctypes
import gc
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


def return_free_memory() -> None:
    """Give what is free in the heap back to the system (glibc's malloc_trim(3)), after work that is done once."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


YOUNG_OBJECTS_MAX: Final = 10_000  # a few MiB; Python's 700 are allocated by every second request
SEARCHES_MAX: Final = 20  # of one generation, before the next older one is searched too


def search_for_cycles_less() -> None:
    """Leave what was loaded at the start out of every search for cycles; call it once a service is open.

    The modules of a service are about 100,000 objects that are never freed: searching them all takes 60 ms, during
    which no request is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX, SEARCHES_MAX, SEARCHES_MAX)
