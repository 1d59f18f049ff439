"""What a batch reads, holds and changes of the inboxes: messages and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.resources.inbox import Actor, InboxKind, MessageWarning
from ledger.inbox.message import State
from ledger.inbox.rule_matching import Rule
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A message to be decided; `relative_id` is an accepted one under the same reference."""

    account_id: UUID
    id: UUID
    box: InboxKind
    state: State
    channel_id: str | None
    document: dict[str, Any]
    links: dict[str, Any]
    comment: str | None
    auto_processing: dict[str, Any] | None
    warnings: list[dict[str, Any]]
    duplicate_of: UUID | None
    file: dict[str, Any] | None
    attachments: list[dict[str, Any]]
    relative_id: UUID | None

    @property
    def family(self) -> Key:
        """The key of the first message under its reference."""
        return self.account_id, self.duplicate_of or self.id


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on a message: its new state, who decided, the result, and further warnings."""

    message_id: UUID
    state: State
    by: Actor | None = None
    reason: str | None = None
    result: Mapping[str, str] | None = None
    notes: tuple[MessageWarning, ...] = ()
    decided_at: datetime | None = None

    def with_note(self, note: MessageWarning) -> Verdict:
        """The same with one more note."""
        return replace(self, notes=(*self.notes, note))


@dataclass(slots=True)
class InboxPlan:
    """The read plan: messages, and the `rules` of whole accounts."""

    messages: set[Key] = field(default_factory=set)
    rules: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class InboxChanges:
    """What one command changes."""

    verdicts: list[Verdict] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    rules_removed: list[UUID] = field(default_factory=list)


@dataclass(slots=True)
class LoadedInbox:
    """Messages and rules after the commands handled so far."""

    messages: dict[Key, InboxEntry] = field(default_factory=dict)
    rules: dict[UUID, dict[UUID, Rule]] = field(default_factory=dict)
    accepted: dict[Key, UUID] = field(default_factory=dict)  # by family, in this batch

    def relative_in_books(self, message: InboxEntry) -> UUID | None:
        """The message under the same reference that is accepted, if another one is."""
        return message.relative_id or self.accepted.get(message.family)


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    mine, inbox, account_id = changes[InboxChanges], state[LoadedInbox], ctx.account.id
    for verdict in mine.verdicts:
        message = inbox.messages[account_id, verdict.message_id]
        inbox.messages[account_id, message.id] = replace(message, state=verdict.state)
        if verdict.state == "accepted":
            inbox.accepted[message.family] = message.id
    for rule in mine.rules:
        inbox.rules[account_id][rule.id] = rule
    for rule_id in mine.rules_removed:
        del inbox.rules[account_id][rule_id]
