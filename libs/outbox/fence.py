"""Report to a backup that no message older than its fence is on a broker only: the service's part of a backup.

A backup is a snapshot of the database. A message that the broker has confirmed is no longer in the outbox, and before
its consumer commits, it is in no table at all. So a backup first sets a fence: from then on confirmed messages are kept
in `outbox_kept`. Consumers then report, round by round, that all older messages are handled. The backup takes its
snapshot when two rounds have the same reporters: none ended in between, whose messages would have moved to another.
"""

from __future__ import annotations

import asyncio
from typing import Final

from contracts.primitives.ids import new_id
from messaging.port import Consumer
from scheduling.poller import Poller
from storage.pool import Pool

LOOK_SECONDS: Final = 1.0  # a backup takes some seconds more; one query of an empty table each time
DRAIN_SECONDS_MAX: Final = 30.0  # then the fence is read again: the backup may have been given up

_FENCE: Final = "SELECT id, round FROM storage.backup_fence WHERE expires_at > clock_timestamp()"
_REPORT: Final = """
    INSERT INTO storage.backup_report (fence_id, round, queue, consumer_id, consumers)
    SELECT $1, $2, queue, $4, consumers FROM unnest($3::text[], $5::integer[]) AS given (queue, consumers)
    ON CONFLICT DO NOTHING
"""


class FenceReporter:
    """Watches for a backup's fence and reports for the consumers of one process."""

    def __init__(self, pool: Pool) -> None:
        self._pool, self._id = pool, new_id()
        self._consumers: dict[str, Consumer] = {}
        self._reported: tuple[object, int] | None = None
        self.poller: Final = Poller("backup-fence", self.look, sweep_seconds=LOOK_SECONDS)

    def watch(self, queue: str, consumer: Consumer) -> None:
        """Report for this consumer as well."""
        self._consumers[queue] = consumer

    async def look(self) -> float | None:
        """Report once in each round of a fence."""
        fence = await self._pool.fetchrow(_FENCE)
        if fence is None or not self._consumers or (fence["id"], fence["round"]) == self._reported:
            return None
        async with asyncio.timeout(DRAIN_SECONDS_MAX):
            consumers = await asyncio.gather(*(consumer.drained() for consumer in self._consumers.values()))
        await self._pool.execute(_REPORT, fence["id"], fence["round"], list(self._consumers), self._id, consumers)
        self._reported = fence["id"], fence["round"]
        return 0.0
