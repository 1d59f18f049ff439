"""Settings of the ledger: read once in `__main__`."""

from __future__ import annotations

from pydantic import Field

from chassis.settings import ServiceSettings


class LedgerSettings(ServiceSettings):
    """What the ledger needs beside what all services need."""

    ledger_batch_max: int = Field(default=100, ge=1, le=1000, description="commands handled in one transaction")
    ledger_pool_max: int = Field(default=6, ge=3, le=50, description="connections to Postgres")
    mail_keep_days: int = Field(
        default=1100, ge=1, le=3650, description="how long mails are kept as they were, in days"
    )
