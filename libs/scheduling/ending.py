"""End background tasks for certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

CANCEL_AGAIN_SECONDS: Final = 1.0  # more than a task usually needs to tidy up; one that is cut short there is safe


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, whatever they raise.

    A cancellation may be lost on its way: `asyncio.wait_for` of Python 3.11, which libraries use, drops one that comes
    in the same moment as its result (python/cpython#86296). So it is repeated.
    """
    every = list(tasks)
    left = set(every)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
    await asyncio.gather(*every, return_exceptions=True)  # what they raised is not reported
