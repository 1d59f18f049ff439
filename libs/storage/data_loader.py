"""Batch concurrent look-ups into one query, instead of caching.

A cache would accept a deleted token until it expired. Here every request reads the database, yet many concurrent
requests cost one round trip: keys that arrive while a query runs are in the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

KEYS_MAX: Final = 256
UNDER_WAY_MAX: Final = 2

Waiting = dict[K, list["asyncio.Future[V | None]"]]


class DataLoader(Generic[K, V]):
    """Looks values up by key; `fetch` returns those that exist."""

    def __init__(self, fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, seconds_max: float) -> None:
        self._fetch, self._seconds_max = fetch, seconds_max
        self._waiting: Waiting[K, V] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, key: K) -> V | None:
        """The value as it is now, None when there is none.

        Raises:
            TimeoutError: not within `seconds_max`; and whatever `fetch` raises.
        """
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        if len(self._tasks) < UNDER_WAY_MAX:
            self._start()
        async with asyncio.timeout(self._seconds_max):  # a database that hangs may hold back even the end of `_run`'s
            return await future

    def _start(self) -> None:
        task = asyncio.create_task(self._run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        # The task starts in the loop's next iteration, with all keys of this one.
        while self._waiting:
            batch: Waiting[K, V] = {}
            for key in list(self._waiting)[:KEYS_MAX]:
                batch[key] = self._waiting.pop(key)
            try:
                async with asyncio.timeout(self._seconds_max):
                    found = await self._fetch(list(batch))
            except Exception as error:  # noqa: BLE001  each caller gets it and answers for it
                _set_result(batch, {}, error)
            else:
                _set_result(batch, found, None)


def _set_result(batch: Waiting[K, V], found: Mapping[K, V], error: Exception | None) -> None:
    for key, futures in batch.items():
        for future in futures:
            if future.done():  # its request was cancelled
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(found.get(key))
