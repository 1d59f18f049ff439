"""What a batch reads, holds and changes of disputes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.collections.disputes.models import Dispute
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class DisputePlan:
    """Which disputes are to be read: by their ids, or the open ones of sales or clients."""

    ids: set[Key] = field(default_factory=set)
    of_sales: set[Key] = field(default_factory=set)
    of_clients: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class DisputeChanges:
    """The changes of one command: new and changed disputes."""

    disputes: dict[UUID, Dispute] = field(default_factory=dict)


@dataclass(slots=True)
class LoadedDisputes:
    """Disputes after the commands handled so far; `open` by their sales."""

    disputes: dict[Key, Dispute] = field(default_factory=dict)
    open: dict[Key, Dispute] = field(default_factory=dict)

    def know(self, dispute: Dispute) -> None:
        """Set a dispute's state."""
        self.disputes[dispute.account_id, dispute.id] = dispute
        if dispute.state == "open":
            self.open[dispute.account_id, dispute.sale_id] = dispute
        elif self.open.get((dispute.account_id, dispute.sale_id), dispute).id == dispute.id:
            self.open.pop((dispute.account_id, dispute.sale_id), None)


def take(_ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    for dispute in changes[DisputeChanges].disputes.values():
        state[LoadedDisputes].know(dispute)
