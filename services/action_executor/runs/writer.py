"""Commit the changes of this process's runs: those that come together in one transaction, with what they publish."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import structlog

from action_executor.runs import concurrency, save_store, trial
from action_executor.runs.failures import failure_events
from action_executor.runs.save_store import RunWrite
from action_executor.runs.store import Key
from contracts.wire.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS
from messaging.port import Outgoing
from outbox.record import record
from outbox.relay import Relay
from scheduling.worker import LeaseLost
from storage.pool import Connection, Pool
from storage.transient import is_transient

log = structlog.get_logger(__name__)

WRITES_MAX: Final = 100  # of one transaction; their data is at most what the active runs hold
COMMITS_AT_ONCE_MAX: Final = 2  # a second one proceeds while a row lock of another process delays the first

Notify = Callable[[str, Sequence[bytes]], Awaitable[None]]
"""Wakes those who wait on a channel for the outcomes of these commands."""

Waiting = tuple[RunWrite, "asyncio.Future[bool]"]


class RunWriter:
    """Gathers the changes of runs and commits them. A change that concerns other rows has a transaction of its own."""

    def __init__(self, pool: Pool, relay: Relay, *, notify: Notify | None, on_due: Callable[[], None]) -> None:
        self._pool, self._relay, self._notify, self._on_due = pool, relay, notify, on_due
        self._waiting: deque[Waiting] = deque()
        self._commits: set[asyncio.Task[None]] = set()

    async def save(self, write: RunWrite) -> None:
        """Return once a change is committed.

        Raises:
            LeaseLost: another worker has the run, and nothing was written.
        """
        if _ends_turn(write) or trial.ends(write.run, write.change) or write.run.dry:
            await self._save_alone(write)
            return
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, future))
        if len(self._commits) < COMMITS_AT_ONCE_MAX:
            task = asyncio.create_task(self._commit_waiting())
            self._commits.add(task)
            task.add_done_callback(self._commits.discard)
        if not await future:
            raise LeaseLost

    async def stop(self) -> None:
        """Wait for the commits under way."""
        await asyncio.gather(*self._commits, return_exceptions=True)

    async def _commit_waiting(self) -> None:
        # The task starts in the loop's next iteration, with all changes of this one.
        while self._waiting:
            await self._settle([self._waiting.popleft() for _ in range(min(WRITES_MAX, len(self._waiting)))])

    async def _settle(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch; after an error that is not transient each change alone, so that one fails for itself."""
        try:
            held = await self._commit([write for write, _ in batch])
        except Exception as error:  # noqa: BLE001  each caller gets it
            if len(batch) > 1 and not is_transient(error):
                log.warning("run_changes_not_committed_together", error=repr(error), changes=len(batch))
                for one in batch:
                    await self._settle([one])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for write, future in batch:
            if not future.done():  # its task was cancelled
                future.set_result(write.key in held)

    async def _commit(self, writes: Sequence[RunWrite]) -> set[Key]:
        publishes = any(write.command is not None or write.change.state == "failed" for write in writes)
        if not publishes and all(write.takes_one_statement for write in writes):
            return await save_store.save(self._pool, writes)
        async with self._pool.acquire() as conn, conn.transaction():
            held, messages = await _write(conn, writes)
        self._relay.push(messages)
        return held

    async def _save_alone(self, write: RunWrite) -> None:
        run, change, ends_turn = write.run, write.change, _ends_turn(write)
        lock_queue, wake_next = (
            partial(act, account_id=run.account_id, automation_id=run.automation_id, key=run.queue_key)
            for act in (concurrency.lock_queue, concurrency.wake_next)
        )
        answers = trial.ends(run, change)
        async with self._pool.acquire() as conn, conn.transaction():
            if ends_turn:
                # Before the run's row, as an admission and a cancellation do.
                await lock_queue(conn)
            held, messages = await _write(conn, [write])
            if not held:
                raise LeaseLost
            if ends_turn:
                await wake_next(conn)
            if answers:
                await trial.keep_outcome(conn, run, change, write.steps[-1][0] if write.steps else None)
            if run.dry and write.command is not None:
                await trial.keep_commands(conn, run, write.command)
        self._relay.push(messages)
        if ends_turn:
            self._on_due()
        if answers and run.reply_to is not None and self._notify is not None:
            await self._notify(run.reply_to, [run.id.bytes])


async def _write(conn: Connection, writes: Sequence[RunWrite]) -> tuple[set[Key], list[Outgoing]]:
    """Write changes and record what they publish; return whose runs were held, and the messages."""
    held = await save_store.save(conn, writes)
    written = [write for write in writes if write.key in held]
    await save_store.follow_up(conn, written)
    # A trial's failure is its answer.
    failed = [write.key for write in written if write.change.state == "failed" and write.run.definition is None]
    commands = [write.command for write in written if write.command is not None]
    messages = [Outgoing(command.id, LEDGER_COMMANDS.name, command.encode()) for command in commands]
    events = await failure_events(conn, failed)
    messages += [Outgoing(event.id, DISPATCHER_EVENTS.name, event.encode()) for event in events]
    await record(conn, schema="execution", messages=messages)
    return held, messages


def _ends_turn(write: RunWrite) -> bool:
    return write.run.queue_key is not None and write.ends
