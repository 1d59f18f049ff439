"""What a batch reads, holds and changes of messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from contracts.wire.topology import EXECUTOR_JOBS
from ledger.messages.message import Message
from ledger.unit_of_work.state import ChangeSet, CommandContext, FollowUp, Key, LoadedState


@dataclass(slots=True)
class MessagePlan:
    """Which messages are to be read."""

    ids: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class MessageChanges:
    """What one command changes."""

    messages: dict[UUID, Message] = field(default_factory=dict)


@dataclass(slots=True)
class LoadedMessages:
    """Messages as they stand after the commands taken so far."""

    messages: dict[Key, Message] = field(default_factory=dict)


def request(changes: ChangeSet, message: Message, job: SendMessageJob) -> None:
    """Let a new message be handed over once the command is committed."""
    changes[MessageChanges].messages[message.id] = message
    changes.follow_ups.append(FollowUp(SEND_MESSAGE, job.model_dump(mode="json"), EXECUTOR_JOBS))


def take(_ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Make a command's changes count."""
    for message in changes[MessageChanges].messages.values():
        state[LoadedMessages].messages[message.account_id, message.id] = message
