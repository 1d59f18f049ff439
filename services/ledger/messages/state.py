"""What a batch reads, holds and changes of messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts.resources.messages import Channel
from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from contracts.wire.topology import EXECUTOR_JOBS
from ledger.clients.state import LoadedClients
from ledger.messages.message import Message
from ledger.unit_of_work.state import ChangeSet, CommandContext, FollowUp, Key, LoadedState

AddressKey = tuple[UUID, Channel, str]
"""Account, channel, and an address in small letters or a number in E.164 form."""


@dataclass(slots=True)
class MessagePlan:
    """What is to be read: messages by id, by their Message-IDs, and what is known of addresses.

    `senders` are addresses whose clients are looked for, `recipients` those whose latest message is.
    """

    ids: set[Key] = field(default_factory=set)
    provider_ids: set[tuple[UUID, str]] = field(default_factory=set)
    senders: set[AddressKey] = field(default_factory=set)
    recipients: set[AddressKey] = field(default_factory=set)
    reachability: set[AddressKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A row of `ledger.unreachable_address`: an address that takes no messages."""

    account_id: UUID
    channel: Channel
    address: str
    reason: Literal["bounce", "complaint"]
    message_id: UUID
    created_at: datetime

    @property
    def key(self) -> AddressKey:
        """What it is found by."""
        return self.account_id, self.channel, self.address


@dataclass(slots=True)
class MessageChanges:
    """What one command changes: messages are new or written anew, addresses are marked or take messages again."""

    messages: dict[UUID, Message] = field(default_factory=dict)
    unreachable: list[Unreachable] = field(default_factory=list)
    reachable: list[AddressKey] = field(default_factory=list)
    never_sent: set[UUID] = field(default_factory=set)  # called off, and none of them was handed over


@dataclass(slots=True)
class LoadedMessages:
    """Messages as they stand after the commands taken so far, and whose addresses are."""

    messages: dict[Key, Message] = field(default_factory=dict)
    by_provider_id: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    clients: dict[AddressKey, UUID] = field(default_factory=dict)
    latest: dict[AddressKey, UUID] = field(default_factory=dict)
    unreachable: dict[AddressKey, str] = field(default_factory=dict)


def request(changes: ChangeSet, message: Message, job: SendMessageJob) -> None:
    """Let a new message be handed over once the command is committed."""
    changes[MessageChanges].messages[message.id] = message
    changes.follow_ups.append(FollowUp(SEND_MESSAGE, job.model_dump(mode="json"), EXECUTOR_JOBS))


def take(_ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Make a command's changes count."""
    known, mine = state[LoadedMessages], changes[MessageChanges]
    for message in mine.messages.values():
        known.messages[message.account_id, message.id] = message
        if message.client_id is not None:
            state[LoadedClients].referred.add((message.account_id, message.client_id))
    for address in mine.unreachable:
        known.unreachable[address.key] = address.reason
    for key in mine.reachable:
        known.unreachable.pop(key, None)
