"""Take time on purpose: a handler that is slow, faults spread in time. Never a way to wait for a result."""

from __future__ import annotations

import asyncio


async def linger(seconds: float) -> None:
    """Be busy for a while, as real work would."""
    await asyncio.sleep(seconds)


async def loop_turns(number: int = 10) -> None:
    """Let what is ready run, for a few turns of the event loop."""
    for _ in range(number):
        await asyncio.sleep(0)
