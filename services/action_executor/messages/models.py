"""What a hand-over is while it is worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from contracts.wire.jobs import SendMessageJob
from scheduling.leases import Lease

HandOverState = Literal["pending", "sent", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class SendingAccount:
    """Whose message it is; `profile` as `GET /v1/account` shows it."""

    id: UUID
    name: str
    locale: str
    profile: Mapping[str, Any]

    @property
    def legal_name(self) -> str:
        """The name on its documents."""
        return str(self.profile.get("legal_name") or self.name)


@dataclass(frozen=True, slots=True)
class PendingHandOver:
    """A message to hand over, leased to this process.

    `attempts` are those before this one, `lost_workers` how many in a row neither began nor saved it. `begun`: one of
    them gave the message to the provider and wrote nothing after it.
    """

    account_id: UUID
    id: UUID
    correlation_id: UUID
    job: SendMessageJob
    attempts: int
    begun: bool
    lost_workers: int
    epoch: int

    @property
    def lease(self) -> Lease:
        """The lease under which this process has it."""
        return Lease(self.account_id, self.id, self.epoch)


@dataclass(frozen=True, slots=True)
class HandOverResult:
    """What became of a try: `due_in` seconds until the next one while it is pending; `provider_id` once it is sent.

    `source` is a mail as it went, deflated.
    """

    state: HandOverState
    detail: str | None = None
    provider_id: str | None = None
    due_in: float | None = None
    source: bytes | None = None
