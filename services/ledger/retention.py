"""Hand the retention setting to the maintenance, which runs as the schema's owner."""

from __future__ import annotations

from storage.pool import Pool


async def keep_days(pool: Pool, *, mail_days: int) -> None:
    """Set how long received mails are kept as they came."""
    await pool.execute(
        "UPDATE ledger.retention_setting SET mail_days = $1 WHERE mail_days IS DISTINCT FROM $1", mail_days
    )
