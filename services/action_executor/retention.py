"""Hand the retention settings to the maintenance, which runs as the schema's owner."""

from __future__ import annotations

from storage.pool import Pool


async def keep_days(pool: Pool, *, delivery_days: int, run_days: int, mail_days: int) -> None:
    """Set how long deliveries with their attempts, runs and hand-overs, and sent mails are kept."""
    await pool.execute(
        "UPDATE execution.retention_setting SET delivery_days = $1, run_days = $2, mail_days = $3"
        " WHERE (delivery_days, run_days, mail_days) IS DISTINCT FROM ($1, $2, $3)",
        delivery_days,
        run_days,
        mail_days,
    )
