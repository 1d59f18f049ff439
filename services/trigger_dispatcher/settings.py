"""What the dispatcher reads from the environment once, in `__main__`."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from chassis.egress import EgressPolicy
from chassis.settings import ServiceSettings


class DispatcherSettings(ServiceSettings):
    """The dispatcher's encryption keys, egress policy, and batch sizes."""

    secret_keys: SecretStr = Field(description="keys that encrypt hooks' secrets, newest first, separated by commas")
    egress_allow: str = Field(default="", description="CIDRs and hosts that hooks may reach although private")
    event_keep_days: int = Field(default=30, ge=1, le=3650, description="how long the event log is kept")
    dispatcher_batch_max: int = Field(default=200, ge=1, le=1000, description="events in one transaction")
    dispatcher_accounts_max: int = Field(default=5_000, ge=1, le=1_000_000, description="remembered with who listens")
    dispatcher_pool_max: int = Field(default=6, ge=2, le=64, description="database sessions")

    @field_validator("egress_allow")
    @classmethod
    def _readable(cls, text: str) -> str:
        EgressPolicy.parse(text)
        return text
