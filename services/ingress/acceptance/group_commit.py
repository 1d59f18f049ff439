"""Accept requests: commit each with its outgoing command before the response, many in one transaction.

Requests that arrive during a commit share the next one. A single request does not wait; under load a group is committed
when it is full, or 2 ms after its first. Requests of an account over its share wait 20 ms for company, while that
brings some: many small commits would take the cores from other accounts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter, Histogram

from ingress.acceptance import store
from ingress.acceptance.store import Acceptance, Accepted, DuplicateMessage, Verdict
from ingress.errors import Unavailable
from messaging.gathering import Gathering
from messaging.port import Outgoing
from outbox.record import record
from outbox.relay import Relay
from outbox.share import ShareMeter
from storage.pool import Pool
from storage.transient import is_transient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from storage.pool import Connection

log = structlog.get_logger(__name__)

GROUP_MAX: Final = 64
GROUP_WAIT_SECONDS: Final = 0.002
BUSY_WAIT_SECONDS: Final = 0.02  # for requests of accounts over their share
GROUPS_UNDER_WAY_MAX: Final = 3

ACCEPTED = Counter("ledgerwire_accepted_total", "Requests committed", ["command"])
GROUP_SIZE = Histogram("ledgerwire_accept_group_size", "Requests in one commit", buckets=(1, 2, 4, 8, 16, 32, 64))

Waiter = tuple[Acceptance, "asyncio.Future[Verdict]"]


class GroupCommit:
    """Commits acceptances in groups. One per process; any number of processes."""

    def __init__(self, pool: Pool, relay: Relay, *, commit_seconds: float, waiting_max: int) -> None:
        self._pool, self._relay = pool, relay
        self._commit_seconds, self._waiting_max = commit_seconds, waiting_max
        self._waiting: deque[Waiter] = deque()
        self._share = ShareMeter()
        self._busy: deque[Waiter] = deque()  # of accounts over their share
        self._gathering = Gathering()
        self._under_way: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Handle | None = None
        self._due = 0.0  # when the timer is, in the loop's time
        self._in_hand = 0

    async def accept(self, one: Acceptance) -> Verdict:
        """Commit a request; when this returns `Accepted`, its command is durable and on its way.

        Raises:
            Unavailable: too many wait already, or Postgres does not commit in time. If the connection broke during the
            commit, the request may be stored: a retry with the same key or document finds it.
        """
        if self._in_hand >= self._waiting_max:
            raise Unavailable("too many requests wait to be committed; try again", headers={"Retry-After": "1"})
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        must_wait = self._share.is_over(one.account_id) and self._gathering.must_wait()
        (self._busy if must_wait else self._waiting).append((one, future))
        self._in_hand += 1
        self._consider()
        try:
            # Longer than a commit's own timeout, which a hanging database may delay.
            async with asyncio.timeout(2 * self._commit_seconds):
                return await future
        except TimeoutError:
            raise Unavailable("the database does not answer; try again, with the same Idempotency-Key") from None
        finally:
            self._in_hand -= 1

    @asynccontextmanager
    async def accept_with(self, one: Acceptance) -> AsyncIterator[Connection]:
        """Commit a request without key and document together with what the block writes, and publish its command."""
        body = one.body(None)
        async with asyncio.timeout(self._commit_seconds), _connection(self._pool, in_transaction=True) as conn:
            yield conn
            await store.accept_many(conn, [(one, body)])
        self._relay.push([Outgoing(one.id, one.queue, body)])
        ACCEPTED.labels(one.command).inc()

    @asynccontextmanager
    async def record_with(self, messages: Sequence[Outgoing]) -> AsyncIterator[Connection]:
        """Commit messages together with what the block writes, and publish them."""
        async with asyncio.timeout(self._commit_seconds), _connection(self._pool, in_transaction=True) as conn:
            yield conn
            await record(conn, schema="ingress", messages=messages)
        self._relay.push(messages)

    async def drain(self) -> None:
        """Wait for running commits; called when no request can arrive any more."""
        while self._waiting or self._busy or self._under_way:
            if not self._under_way:
                self._start()
            await asyncio.wait(self._under_way)

    def _consider(self) -> None:
        if len(self._under_way) >= GROUPS_UNDER_WAY_MAX:
            return
        if len(self._waiting) + len(self._busy) >= GROUP_MAX:
            self._start()
        elif not self._waiting:
            self._start_in(BUSY_WAIT_SECONDS)
        else:
            # Idle: gather only the requests of this loop iteration.
            self._start_in(GROUP_WAIT_SECONDS if self._under_way else 0)

    def _start_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if self._timer is None or due < self._due:
            self._stop_timer()
            self._timer, self._due = loop.call_later(seconds, self._start), due

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self._stop_timer()
        if len(self._under_way) >= GROUPS_UNDER_WAY_MAX:
            return
        if self._busy and not self._waiting:
            self._gathering.waited(alone=len(self._busy) == 1)
        group = [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]
        group += [self._busy.popleft() for _ in range(min(GROUP_MAX - len(group), len(self._busy)))]
        if group:
            task = asyncio.create_task(self._commit(group))
            self._under_way.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._timer is None or (self._waiting and not self._under_way):
            self._start()

    async def _commit(self, group: Sequence[Waiter]) -> None:
        """Settle every future of the group, whatever happens."""
        GROUP_SIZE.observe(len(group))
        try:
            async with asyncio.timeout(self._commit_seconds):
                await self._commit_within_time(group)
        except Exception as error:  # noqa: BLE001  each request is answered with it
            log.warning("group_not_committed", size=len(group), error=repr(error), transient=is_transient(error))
            self._fail(group, error)

    async def _commit_within_time(self, group: Sequence[Waiter]) -> None:
        try:
            left = await self._try_together(group)
        except Exception as error:  # noqa: BLE001  one of them, or a connection that died while idle: each alone then
            log.info("group_split", size=len(group), error=repr(error))
            left = group
        for waiter in left:
            await self._alone(waiter)

    async def _try_together(self, group: Sequence[Waiter]) -> Sequence[Waiter]:
        """Commit the new requests and respond to the rest."""
        encoded = [(one, one.body(None)) for one, _ in group]
        both = any(one.key and one.document for one, _ in group)
        async with _connection(self._pool, in_transaction=both) as conn:
            fresh = await store.accept_many(conn, encoded)
        self._relay.push([Outgoing(one.id, one.queue, body) for one, body in encoded if one.id in fresh])
        for one, future in group:
            if one.id in fresh:
                _set_result(future, Accepted(one.id))
                ACCEPTED.labels(one.command).inc()
        left = [waiter for waiter in group if waiter[0].id not in fresh]
        return await self._without_known(left) if left else []

    async def _without_known(self, left: Sequence[Waiter]) -> Sequence[Waiter]:
        """Recognise repeated documents with one query, so that a repeating sender costs little."""
        again = [one for one, _ in left if one.document and not one.key]
        if not again:
            return left
        async with _connection(self._pool) as conn:
            known = await store.find_documents(conn, again)
        for one, future in left:
            if one.id in known and known[one.id] != one.id:
                _set_result(future, DuplicateMessage(known[one.id]))
        return [waiter for waiter in left if not waiter[1].done()]

    async def _alone(self, waiter: Waiter) -> None:
        one, future = waiter
        if future.done():
            return
        try:
            async with _connection(self._pool, in_transaction=True) as conn:
                verdict = await store.accept_one(conn, one)
        except TimeoutError:
            raise
        except Exception as error:  # noqa: BLE001  its own request's, no other's
            self._fail([waiter], error)
            return
        if isinstance(verdict, Accepted):
            self._relay.push([Outgoing(one.id, one.queue, one.body(verdict.duplicate_of))])
            ACCEPTED.labels(one.command).inc()
        _set_result(future, verdict)

    def _fail(self, group: Sequence[Waiter], error: Exception) -> None:
        for _, future in group:
            if not future.done():
                future.set_exception(error)


def _set_result(future: asyncio.Future[Verdict], verdict: Verdict) -> None:
    if not future.done():  # its request may have been cancelled
        future.set_result(verdict)


@asynccontextmanager
async def _connection(pool: Pool, *, in_transaction: bool = False) -> AsyncIterator[Connection]:
    async with pool.acquire() as conn:
        if in_transaction:
            async with conn.transaction():
                yield conn
        else:
            yield conn
