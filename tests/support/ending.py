"""End a program of the tests by SIGINT or SIGTERM as a cancellation, so that what it started is ended as well."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

ENDED_BY_SIGNAL: Final = 130  # the exit status, as a shell has it after Ctrl-C

_T = TypeVar("_T")


async def until_signalled(work: Coroutine[Any, Any, _T]) -> _T:
    """Do the work; the first signal cancels it, further ones do not cut its clean-up short.

    Raises:
        asyncio.CancelledError: a signal came.
    """
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for number in signals:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, end)
    return await task
