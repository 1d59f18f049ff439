"""At start, where no other executor can be at work: free what a killed one held, rather than wait for its leases."""

from __future__ import annotations

import structlog

from storage.pool import Pool

log = structlog.get_logger(__name__)


async def expire_all_leases(pool: Pool) -> None:
    """Expire every lease; the sweep and the claims recover the work, as after any lost worker."""
    deliveries = await pool.execute(
        "UPDATE execution.delivery SET leased_until = clock_timestamp() WHERE state = 'in_flight'"
    )
    runs = await pool.execute("UPDATE execution.run SET due_at = clock_timestamp() WHERE leased")
    await pool.execute("UPDATE execution.hand_over SET due_at = clock_timestamp() WHERE leased")
    await pool.execute("UPDATE execution.removal_notice SET due_at = clock_timestamp() WHERE leased")
    await pool.execute("DELETE FROM execution.worker")  # whose share of rates and concurrency is free as well
    log.info("leases_expired_at_startup", deliveries=int(deliveries.split()[-1]), runs=int(runs.split()[-1]))
