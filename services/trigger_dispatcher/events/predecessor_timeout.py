"""Release held events whose predecessor does not arrive: a periodic loop."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import Counter

from contracts.wire.topology import EXECUTOR_JOBS
from outbox.pipeline import BatchEffects
from outbox.relay import Relay
from scheduling.poller import Poller
from storage.pool import Pool
from trigger_dispatcher.events import ordering
from trigger_dispatcher.events.handlers import dispatch, in_order, matching_subscriptions
from trigger_dispatcher.events.subscription_cache import SubscriptionCache

log = structlog.get_logger(__name__)

OUT_OF_TURN = Counter(
    "ledgerwire_ordering_timeouts_total", "Held events that were delivered although their predecessor had not arrived"
)

EVERY_SECONDS: Final = 20.0
ACCOUNTS_MAX: Final = 100


class PredecessorTimeout:
    """The loop that releases them."""

    def __init__(self, pool: Pool, relay: Relay, index: SubscriptionCache, *, schema: str) -> None:
        self._pool, self._relay, self._index, self._schema = pool, relay, index, schema
        self.poller: Final = Poller("predecessor-timeout", self._look, sweep_seconds=EVERY_SECONDS)

    async def _look(self) -> None:
        await self.sweep()

    async def sweep(self, held_seconds: float = ordering.HELD_SECONDS_MAX) -> int:
        """Release events that were held for too long; return how many."""
        effects = BatchEffects(self._schema)
        async with self._pool.acquire() as conn, conn.transaction():
            accounts = await ordering.accounts_overdue(conn, held_seconds=held_seconds, accounts_max=ACCOUNTS_MAX)
            if not accounts:
                return 0
            released = await ordering.release_overdue(conn, accounts, held_seconds=held_seconds)
            known = await matching_subscriptions(conn, self._index, accounts)
            for job in await dispatch(conn, in_order(released, known)):
                effects.send(EXECUTOR_JOBS, job)
            await effects.flush(conn)
        self._relay.push(effects.messages)
        OUT_OF_TURN.inc(len(released))
        log.warning("ordering_timeout", events=len(released), accounts=len(accounts))
        return len(released)
