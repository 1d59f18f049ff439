"""Check that the database accepts commits: a readiness check, beyond whether Postgres answers."""

from __future__ import annotations

from storage.pool import Pool
from storage.transient import is_transient

PROBE_SECONDS_MAX = 2.5  # less than a readiness check may take


async def why_not_writable(pool: Pool, *, schema: str) -> str | None:
    """Commit a tiny write that takes the locks of a service's writes; return None, or the problem."""
    try:
        await pool.execute("SELECT storage.prove_writable($1)", schema, timeout=PROBE_SECONDS_MAX)
    except Exception as error:
        if not is_transient(error):
            raise
        return f"nothing can be committed: {type(error).__name__}"
    return None
