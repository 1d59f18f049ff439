"""Look at the dead queues of the broker and put what is there back: for operators, never in the flow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from contracts.primitives.ids import new_id, parse_id
from messaging.dead_letters import TOO_OFTEN, DeadMessage
from messaging.port import Outgoing
from messaging.rabbitmq.connection import OpenConnection
from messaging.rabbitmq.frames import STABLE_ID_HEADER
from messaging.rabbitmq.topology import RPC_SECONDS, measure_depth, short_lived_channel

REPLAY_BATCH: Final = 100
RETURN_SECONDS: Final = 2.0


async def list_dead_letters(live: OpenConnection, queue: str, limit: int) -> list[DeadMessage]:
    """Take up to `limit` messages and give them back, unchanged and in their order, by closing the channel."""
    async with short_lived_channel(live) as channel:
        messages = await _take(channel, f"{queue}.dead", limit)
    # They return a moment after the channel is closed; who replays next must find them.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(RETURN_SECONDS), short_lived_channel(live) as channel:
            while (await measure_depth(channel, f"{queue}.dead")).ready < len(messages):  # noqa: ASYNC110  no event
                await asyncio.sleep(RETURN_SECONDS / 100)
    return [_describe(message, queue) for message in messages]


async def replay_dead_letters(
    live: OpenConnection, queue: str, publish: Callable[[Sequence[Outgoing]], Awaitable[Sequence[bool]]]
) -> int:
    """Publish to the queue, confirmed, then acknowledge on the dead queue; only what is dead at the beginning."""
    async with short_lived_channel(live) as channel:
        left = (await measure_depth(channel, f"{queue}.dead")).ready
    replayed = 0
    while left > 0:
        async with short_lived_channel(live) as channel:
            messages = await _take(channel, f"{queue}.dead", min(left, REPLAY_BATCH))
            if not messages:
                break
            confirmed = await publish(
                [Outgoing(_stable_id(message) or new_id(), queue, message.body) for message in messages]
            )
            for message, there in zip(messages, confirmed, strict=True):
                if there:
                    await message.ack()
            replayed += sum(confirmed)
            left -= len(messages)
            if not all(confirmed):
                raise ConnectionError(f"{replayed} put back, then the bus took no more")
    return replayed


async def _take(channel: AbstractChannel, name: str, limit: int) -> list[AbstractIncomingMessage]:
    queue = await channel.get_queue(name, ensure=False)
    taken: list[AbstractIncomingMessage] = []
    while len(taken) < limit and (message := await queue.get(fail=False, timeout=RPC_SECONDS)) is not None:
        taken.append(message)
    return taken


def _stable_id(message: AbstractIncomingMessage) -> UUID | None:
    return parse_id(str(message.headers.get(STABLE_ID_HEADER, "")))


def _describe(message: AbstractIncomingMessage, queue: str) -> DeadMessage:
    headers: dict[str, Any] = dict(message.headers)
    deaths = headers.get("x-death") or [{}]
    reason, died_at = str(deaths[0].get("reason", "unknown")), deaths[0].get("time")
    return DeadMessage(
        id=_stable_id(message),
        queue=queue,
        body=message.body,
        reason=TOO_OFTEN if reason == "delivery_limit" else reason,
        died_at=died_at if isinstance(died_at, datetime) else None,
    )
