"""Handle leased rows, a bounded number at a time, each in a task of its own whose lease is renewed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import structlog

from scheduling.ending import end_tasks
from scheduling.leases import Lease, LeaseTable
from scheduling.poller import Poller
from storage.pool import Pool
from storage.transient import is_transient

log = structlog.get_logger(__name__)

RENEWALS: Final = 3  # within a lease's time: one may be missed


class Leased(Protocol):
    """A claimed record with its lease."""

    @property
    def lease(self) -> Lease:
        """The lease under which it is held."""


ItemT = TypeVar("ItemT", bound=Leased)


class LeaseLost(Exception):
    """Another worker holds the lease; nothing was written."""


class LeasedWorker(Generic[ItemT]):
    """Claims with `claim(room)` and hands each item to `handle`, at most `at_once_max` in this process.

    `handle` writes its item's result, fenced by the lease's epoch; when it raises, the item is due again after
    its lease. A long handler calls `holds` in between. `next_due` returns what a `Look` returns; without it the sweep
    finds due work. While it says that claims leave due work behind, looks are `overdue_pause_seconds` apart.

    The end of an item causes a look. With `looks_after_each=False` it does so only while due work is known to be left;
    the handler then calls `wake_in` for what it makes due.
    """

    def __init__(
        self,
        name: str,
        pool: Pool,
        table: LeaseTable,
        *,
        claim: Callable[[int], Awaitable[Sequence[ItemT]]],
        handle: Callable[[ItemT], Awaitable[None]],
        at_once_max: int,
        lease_seconds: float,
        sweep_seconds: float,
        next_due: Callable[[], Awaitable[float | None]] | None = None,
        gather_seconds: float = 0.0,
        overdue_pause_seconds: float = 0.0,
        looks_after_each: bool = True,
    ) -> None:
        self._pool, self._table, self._lease_seconds = pool, table, lease_seconds
        self._claim, self._handle, self._next_due = claim, handle, next_due
        self._at_once_max, self._overdue_pause_seconds = at_once_max, overdue_pause_seconds
        self._looks_after_each = looks_after_each
        self._leaves_work = True  # whether due work may be left since the last look; unknown before the first
        self._tasks: dict[asyncio.Task[None], ItemT] = {}
        self._poller = Poller(name, self._look, sweep_seconds=sweep_seconds, gather_seconds=gather_seconds)
        self._heartbeat = Poller(f"{name}-heartbeat", self._renew, sweep_seconds=lease_seconds / RENEWALS)
        self._old: set[Lease] = set()  # held since before the last heartbeat
        self._lost: set[Lease] = set()
        self.wake: Final = self._poller.wake
        self.wake_in: Final = self._poller.wake_in

    @property
    def room(self) -> int:
        """How many items may be leased without a claim: none while due work is left, which comes first."""
        return 0 if self._leaves_work else max(self._at_once_max - len(self._tasks), 0)

    @property
    def in_flight(self) -> list[ItemT]:
        """The items being handled here."""
        return list(self._tasks.values())

    def holds(self, lease: Lease) -> bool:
        """Whether no heartbeat has found another holder."""
        return lease not in self._lost

    def start(self) -> None:
        """Start claiming."""
        self._poller.start()
        self._heartbeat.start()

    async def stop(self, deadline_seconds: float) -> None:
        """Stop claiming; running items have so long to end, and are released after it."""
        await self._poller.stop()
        if self._tasks and deadline_seconds > 0:
            await asyncio.wait(self._tasks, timeout=deadline_seconds)
        left = dict(self._tasks)
        await end_tasks(left)
        await self._heartbeat.stop()
        await self._release([item.lease for item in left.values()])

    def problem(self) -> str | None:
        """The problem for `/readyz`."""
        return self._poller.problem() or self._heartbeat.problem()

    async def claim_once(self) -> int:
        """Claim as many as there is room for and start them; return how many."""
        room = self._at_once_max - len(self._tasks)
        items = await self._claim(room) if room > 0 else ()
        self.begin(items)
        return len(items)

    def begin(self, items: Sequence[ItemT]) -> None:
        """Handle items that the caller has leased: at most as many as `room` said."""
        for item in items:
            task = asyncio.create_task(self._work(item))
            self._tasks[task] = item
            task.add_done_callback(self._done)

    async def _look(self) -> float | None:
        await self.claim_once()
        due_in = await self._next_due() if self._next_due else None
        full = len(self._tasks) >= self._at_once_max
        overdue = due_in is not None and due_in <= 0
        self._leaves_work = full or overdue
        if full:
            return None  # the end of a running item wakes it
        return self._overdue_pause_seconds if overdue else due_in

    async def _work(self, item: ItemT) -> None:
        lease = item.lease
        try:
            await self._handle(item)
        except LeaseLost:
            log.info("lease_lost", poller=self._poller.name, id=str(lease.id))
        except Exception as error:
            # Its lease runs out and it is claimed again.
            log.warning(
                "work_interrupted",
                poller=self._poller.name,
                account_id=str(lease.account_id),
                id=str(lease.id),
                error=repr(error),
                exc_info=not is_transient(error),
            )

    def _done(self, task: asyncio.Task[None]) -> None:
        self._lost.discard(self._tasks.pop(task).lease)
        if self._leaves_work or self._looks_after_each:
            self._poller.wake()

    async def _renew(self) -> None:
        held = {item.lease for item in self._tasks.values()}
        old, self._old = self._old & held, held
        if old:
            kept = await self._table.renew(self._pool, old, lease_seconds=self._lease_seconds)
            self._lost |= (old - kept) & {item.lease for item in self._tasks.values()}

    async def _release(self, leases: Sequence[Lease]) -> None:
        if not leases:
            return
        try:
            await self._table.release(self._pool, leases)
        except Exception as error:  # noqa: BLE001  the leases run out by themselves
            log.warning("leases_not_released", poller=self._poller.name, error=repr(error))
