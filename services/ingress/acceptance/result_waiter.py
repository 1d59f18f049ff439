"""Wait for a command's result: a notification wakes the waiter, and polling covers lost notifications."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from contracts.primitives.ids import new_id
from ingress.acceptance.outcomes import Outcome, find_outcomes, schema_of
from messaging.port import Bus
from scheduling.ending import end_tasks
from storage.pool import Pool
from storage.transient import is_transient

log = structlog.get_logger(__name__)

CHANNEL_PREFIX: Final = "ingress.replies."
POLL_SECONDS_MAX: Final = 3.0  # one look; a slow one must not hold up the next

# A service that is not migrated yet has no outcomes.
_NOT_YET: Final = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError)


@dataclass(slots=True, eq=False)
class Waiter:
    """A waiter for one command."""

    account_id: UUID
    command_id: UUID
    schema: str
    since: float
    future: asyncio.Future[Outcome | None] = field(repr=False)


class CommandResultWaiter:
    """All waiters of this process, and its notification channel."""

    def __init__(self, pool: Pool, *, answer_seconds: float, look_seconds: float) -> None:
        self.channel: Final = f"{CHANNEL_PREFIX}{new_id().hex}"
        self._pool = pool
        self._answer_seconds, self._look_seconds = answer_seconds, look_seconds
        self._waiters: dict[UUID, list[Waiter]] = {}
        self._woken: set[UUID] = set()
        self._looking: asyncio.Task[None] | None = None
        self._looks: asyncio.Task[None] | None = None
        self._released = False

    async def start(self, bus: Bus) -> None:
        """Listen for notifications, and poll."""
        await bus.listen(self.channel, self._hear)
        self._looks = asyncio.create_task(self._look_forever(), name="answers")

    def release(self) -> None:
        """Release all waiters: each responds 202 with an operation. For the shutdown."""
        self._released = True
        for waiters in self._waiters.values():
            for waiter in waiters:
                _set_result(waiter, None)

    async def stop(self) -> None:
        """End the looks."""
        await end_tasks(task for task in (self._looks, self._looking) if task)

    @contextmanager
    def expect(self, account_id: UUID, command_id: UUID, command: str) -> Iterator[Waiter]:
        """Be woken for a command from now on; begin before the command is sent."""
        loop = asyncio.get_running_loop()
        waiter = Waiter(account_id, command_id, schema_of(command), loop.time(), loop.create_future())
        self._waiters.setdefault(command_id, []).append(waiter)
        try:
            yield waiter
        finally:
            self._forget(waiter)

    def _forget(self, waiter: Waiter) -> None:
        others = self._waiters[waiter.command_id]
        others.remove(waiter)
        if not others:
            del self._waiters[waiter.command_id]

    async def wait(self, waiter: Waiter, *, look_now: bool = False) -> Outcome | None:
        """The result, or None when it did not arrive in time. `look_now` if it may exist already."""
        if self._released:
            return None
        if look_now:
            self._wake(waiter.command_id)
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await waiter.future
        except TimeoutError:
            return None

    def _hear(self, body: bytes) -> None:
        if len(body) == 16:  # noqa: PLR2004  a command's id
            self._wake(UUID(bytes=bytes(body)))

    def _wake(self, command_id: UUID) -> None:
        if command_id in self._waiters:
            self._woken.add(command_id)
            if self._looking is None:
                self._looking = asyncio.create_task(self._look_for_woken())

    async def _look_for_woken(self) -> None:
        try:
            while self._woken:
                woken, self._woken = self._woken, set()
                await self._look([waiter for command_id in woken for waiter in self._waiters.get(command_id, ())])
        finally:
            self._looking = None

    async def _look_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._look_seconds)
            due = loop.time() - self._look_seconds
            waiting = [waiter for waiters in self._waiters.values() for waiter in waiters if waiter.since <= due]
            await self._look(waiting)

    async def _look(self, waiters: list[Waiter]) -> None:
        """Read the results of all these with one query for each schema; the others keep waiting."""
        by_schema: defaultdict[str, list[Waiter]] = defaultdict(list)
        for waiter in waiters:
            if not waiter.future.done():
                by_schema[waiter.schema].append(waiter)
        for schema, group in by_schema.items():
            try:
                async with asyncio.timeout(POLL_SECONDS_MAX):
                    commands = [(waiter.account_id, waiter.command_id) for waiter in group]
                    found = await find_outcomes(self._pool, schema=schema, commands=commands)
            except Exception as error:
                if not is_transient(error) and not isinstance(error, _NOT_YET):
                    log.exception("look_failed", schema=schema)
                continue
            for waiter in group:
                if (outcome := found.get(waiter.command_id)) is not None:
                    _set_result(waiter, outcome)


def _set_result(waiter: Waiter, outcome: Outcome | None) -> None:
    if not waiter.future.done():
        waiter.future.set_result(outcome)
