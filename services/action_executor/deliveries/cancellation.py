"""End a hook from the executor: the command to the dispatcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from action_executor.deliveries.records import ClaimedDelivery
from contracts.wire.commands import END_HOOK
from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_COMMANDS
from messaging.port import Outgoing


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a hook ends: `removed` because its receiver answered 410, or `disabled`."""

    item: ClaimedDelivery
    version: int  # of the hook that was called
    state: Literal["removed", "disabled"]
    reason: str


def end_hook(ending: Cancellation) -> Outgoing:
    """The command `end_hook`."""
    item = ending.item
    command = Envelope(
        name=END_HOOK,
        account_id=item.account_id,
        correlation_id=item.correlation_id,
        causation_id=item.id,
        data={"id": str(item.hook_id), "version": ending.version, "state": ending.state, "reason": ending.reason},
    )
    return Outgoing(command.id, DISPATCHER_COMMANDS.name, command.encode())
