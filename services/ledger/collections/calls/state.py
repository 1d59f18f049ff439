"""What a batch changes of calls: they are recorded and stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.clients.state import LoadedClients
from ledger.collections.calls.models import Call
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState


@dataclass(slots=True)
class CallChanges:
    """What one command records."""

    calls: list[Call] = field(default_factory=list)


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Make a command's changes count."""
    state[LoadedClients].referred.update(ctx.key(call.client_id) for call in changes[CallChanges].calls)
