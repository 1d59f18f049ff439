"""Wait for what the demo has to see, and fail with what is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from standalone.demo.api import DemoFailure

T = TypeVar("T")
WAIT_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.1


async def until(changed: asyncio.Event, happened: Callable[[], bool], missing: Callable[[], str]) -> None:
    """Wait until something happened, looked at again after each change."""
    ends = time.monotonic() + WAIT_SECONDS_MAX
    while not happened():
        changed.clear()
        left = ends - time.monotonic()
        if left <= 0:
            raise DemoFailure(f"not seen within {WAIT_SECONDS_MAX:.0f} s: {missing()}")
        try:
            await asyncio.wait_for(changed.wait(), left)
        except TimeoutError:
            continue


async def until_read(read: Callable[[], Awaitable[T | None]], missing: str) -> T:
    """Read until there is something; what is read is committed a moment after what caused it."""
    ends = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        found = await read()
        if found is not None:
            return found
        if time.monotonic() > ends:
            raise DemoFailure(f"not seen within {WAIT_SECONDS_MAX:.0f} s: {missing}")
        await asyncio.sleep(LOOK_SECONDS)
