"""Wait for a condition with a deadline, so that no test sleeps for luck."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    condition: Callable[[], Awaitable[T]],
    *,
    deadline_seconds: float = ...,
    pause_seconds: float = ...,
    describe: Callable[[], Any] | None = None,
) -> T: ...


@overload
async def eventually(
    condition: Callable[[], T],
    *,
    deadline_seconds: float = ...,
    pause_seconds: float = ...,
    describe: Callable[[], Any] | None = None,
) -> T: ...


async def eventually(
    condition: Callable[[], Any],
    *,
    deadline_seconds: float = 30.0,
    pause_seconds: float = 0.02,
    describe: Callable[[], Any] | None = None,
) -> Any:
    """Call `condition` until it answers something true; give that back.

    Raises:
        AssertionError: the deadline passed; the message carries the last answer and `describe()`.
    """
    ends = time.monotonic() + deadline_seconds
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        if time.monotonic() > ends:
            reported = f"; {describe()}" if describe else ""
            raise AssertionError(f"not within {deadline_seconds} s: last answer {answer!r}{reported}")
        await asyncio.sleep(pause_seconds)
