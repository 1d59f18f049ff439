"""Tell the target of a hook that ended on our side: a signed DELETE (REST Hooks), tried a bounded number of times."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from action_executor.deliveries import removal_store
from action_executor.deliveries.hook_cache import HookCache
from action_executor.deliveries.removal_store import RemovalNotice
from action_executor.deliveries.rules import signed_headers
from action_executor.http_client import OutboundHttpClient, OutboundRequest, OutboundResponse, TransportError
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import NotifyRemovalJob
from scheduling.worker import LeasedWorker, LeaseLost
from storage.pool import Connection, Pool

log = structlog.get_logger(__name__)

BODY: Final = b'{"type": "hook.removed"}'
SCHEDULE_SECONDS: Final[Sequence[float]] = (5.0, 300.0, 1800.0, 7200.0)
"""Pauses after the first, second, ... try that failed; then the notice is given up."""
LOST_WORKERS_MAX: Final = 5  # in a row: it ends them
AT_ONCE_MAX: Final = 8  # disconnecting is rare, and no caller waits for its notices
RETRYABLE: Final = frozenset({408, 425, 429})
JITTER: Final = 0.2


class RemovalNotifier:
    """The notices of one process. Any number of processes share them."""

    def __init__(
        self,
        pool: Pool,
        hooks: HookCache,
        http_client: OutboundHttpClient,
        *,
        lease_seconds: float,
        sweep_seconds: float,
    ) -> None:
        self._pool, self._hooks, self._http_client = pool, hooks, http_client
        self._lease_seconds = lease_seconds
        self.worker: Final = LeasedWorker(
            "notify-removals",
            pool,
            removal_store.NOTICES,
            claim=self._claim,
            handle=self._handle,
            next_due=lambda: removal_store.NOTICES.next_due_seconds(pool),
            at_once_max=AT_ONCE_MAX,
            lease_seconds=lease_seconds,
            sweep_seconds=sweep_seconds,
        )
        self.wake: Final = self.worker.wake

    async def accept(self, conn: Connection, jobs: Sequence[tuple[Envelope, NotifyRemovalJob]]) -> None:
        """Insert notices in the caller's transaction."""
        await removal_store.insert(conn, jobs)

    async def _claim(self, room: int) -> list[RemovalNotice]:
        return await removal_store.claim(self._pool, notices_max=room, lease_seconds=self._lease_seconds)

    async def _handle(self, notice: RemovalNotice) -> None:
        due_in = await self._try(notice) if notice.lost < LOST_WORKERS_MAX else None
        if not await removal_store.finish(self._pool, notice, due_in=due_in):
            raise LeaseLost

    async def _try(self, notice: RemovalNotice) -> float | None:
        """Send the DELETE; return the seconds until the next try, None when there is none."""
        hook = await self._hooks.get((notice.account_id, notice.hook_id), fresh=True)
        if hook is None or hook.active or hook.fault is not None or hook.version != notice.version:
            return None
        moment = datetime.now(tz=UTC)
        headers = signed_headers(notice.hook_id, BODY, keys=hook.keys_at(moment), moment=moment)
        answer = await self._http_client.call(OutboundRequest("DELETE", hook.target_url, headers, BODY))
        recorded = answer.status if isinstance(answer, OutboundResponse) else answer.reason
        log.info("removal_notification_sent", hook_id=str(notice.hook_id), result=recorded)
        if not _may_pass(answer) or notice.attempts >= len(SCHEDULE_SECONDS):
            return None
        pause = SCHEDULE_SECONDS[notice.attempts]
        return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  jitter, no secret


def _may_pass(answer: OutboundResponse | TransportError) -> bool:
    """Whether another try may succeed: any answer that is not the server's trouble says that the target knows."""
    if isinstance(answer, TransportError):
        return not answer.refused
    return answer.status >= 500 or answer.status in RETRYABLE  # noqa: PLR2004  HTTP's "server's fault"
