"""The state that a batch has read, and the changes of its commands: between reading and writing.

A command's decision is pure: from `LoadedState` to a `ChangeSet`, or a refusal instead. Only `LoadedState.take` applies
changes, so a refused command has no effect and each command of the batch sees the changes of those before it. Entities
are unknown here: each capability has its sections and a `Participant`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from contracts.command_errors import CommandError
from contracts.primitives.ids import derive_id
from contracts.resources.schemas import Model
from contracts.wire.envelope import Envelope
from contracts.wire.topology import Queue
from ledger.account import Account
from ledger.unit_of_work.sections import S, Sections
from storage.pool import Connection

M = TypeVar("M", bound=Model)
Key = tuple[UUID, UUID]
"""An account's id and the id of an object of it."""

EntityKind = str
"""What results and events show, by the name under which its capability registers it."""

Shown = dict[tuple[EntityKind, Key], dict[str, Any]]
"""Objects as the API shows them."""


@dataclass(frozen=True, slots=True)
class CommandContext(Generic[M]):
    """A command that was read: its input, the account it is for, and when it is handled."""

    envelope: Envelope
    input: M
    account: Account
    now: datetime

    @property
    def today(self) -> date:
        """The account's date at the time of the request, however late the command is handled."""
        return self.account.day(self.envelope.at)

    def key(self, object_id: UUID) -> Key:
        """The key of an object of this account."""
        return self.account.id, object_id


class ReadPlan(Sections):
    """What the commands of a batch need to be read."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """One outgoing event. `status` is (before, after) for what has transitions; before is None: it was not there."""

    trigger: str
    kind: EntityKind
    id: UUID
    client_id: UUID | None
    status: tuple[str | None, str] | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A command or a job that this one brings about: handled once, after the commit. A command has its own queue."""

    name: str
    data: dict[str, Any]
    queue: Queue | None = None

    def caused_by(self, command: Envelope) -> Envelope:
        """The command itself; its id follows from the other's, so that sending it twice is sending it once."""
        return command.follow(self.name, self.data, identifier=derive_id(command.id, self.name))


class Stateful(Protocol):
    """What has transitions: a document, a payment."""

    entity: ClassVar[EntityKind]

    @property
    def subject_id(self) -> UUID:
        """Its id."""

    @property
    def client_id(self) -> UUID:
        """Whom it concerns."""

    @property
    def status(self) -> str:
        """Its state."""


@dataclass(slots=True)
class ChangeSet:
    """What one command changes, and the object that its result shows.

    `changes[ClientChanges]` is what it changes of one capability. Where no object is there to be shown, `result_body`
    is the result, about the object `subject_id`. `deleted` objects are shown in events as they were last.
    """

    result_entity: tuple[EntityKind, UUID] | None
    http_status: int = 200
    result_body: dict[str, Any] | None = None
    subject_id: UUID | None = None
    sections: Sections = field(default_factory=Sections)
    deleted: list[tuple[EntityKind, UUID]] = field(default_factory=list)
    domain_events: list[DomainEvent] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)

    def __getitem__(self, section: type[S]) -> S:
        return self.sections[section]

    def merge(self, others: ChangeSet) -> None:
        """Change what others change as well; the result stays this one's."""
        self.sections.merge(others.sections)
        self.deleted += others.deleted
        self.domain_events += others.domain_events
        self.follow_ups += others.follow_ups

    def emit(self, trigger: str, before: str | None, after: Stateful) -> None:
        """Fire the event of a transition."""
        status = (before, after.status)
        self.domain_events.append(DomainEvent(trigger, after.entity, after.subject_id, after.client_id, status))


class StaleBatch(Exception):
    """A command of this batch depends on changes of an earlier one: handled alone, each reads what it needs."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An event without an object, with its data; `command_id` is the command that caused it."""

    trigger: str
    command_id: UUID
    data: dict[str, Any]


class LoadedState(Sections):
    """The state of a batch, under lock, after the commands handled so far.

    `state[LoadedClients]` is one capability's section.
    """

    __slots__ = ("notices", "participants", "taken")

    def __init__(self, *sections: Any, participants: Sequence[Participant] = ()) -> None:
        super().__init__(*sections)
        self.participants = participants
        self.taken: list[tuple[CommandContext[Any], ChangeSet]] = []
        self.notices: list[Notice] = []

    def branch(self) -> LoadedState:
        """A copy on which commands can be tried without a trace in this one."""
        copied = self.copied()
        copied.participants = self.participants
        return copied

    def take(self, ctx: CommandContext[Any], changes: ChangeSet) -> None:
        """Apply a command's changes.

        Raises:
            CommandError: a participant's check does not hold; nothing is applied then.
        """
        for one in self.participants:
            if one.check is not None:
                one.check(ctx, changes, self)
        for one in self.participants:
            if one.take is not None:
                one.take(ctx, changes, self)
        self.taken.append((ctx, changes))

    def refuse(self, ctx: CommandContext[Any], refusal: CommandError) -> None:
        """Inform participants of a refused command."""
        for one in self.participants:
            if one.refused is not None:
                one.refused(ctx, refusal, self)

    def changes_of(self, section: type[S]) -> list[tuple[CommandContext[Any], S]]:
        """The applied changes of one capability, by command."""
        return [(ctx, changes[section]) for ctx, changes in self.taken]


@dataclass(frozen=True, slots=True)
class Participant:
    """How one capability takes part in the unit of work; every hook may be left out.

    `load` reads its section of the plan that is not loaded yet; `load_last` reads what follows from all that was read.
    `check` may refuse a command's changes before any are applied; `take` applies them for later commands; `refused`
    records a refusal. `save` writes the changes of all commands, one statement for each table. `next_due` is the
    earliest time at which a saved row is due.
    """

    load: Callable[[Connection, ReadPlan, LoadedState], Awaitable[None]] | None = None
    load_last: Callable[[Connection, LoadedState], Awaitable[None]] | None = None
    check: Callable[[CommandContext[Any], ChangeSet, LoadedState], None] | None = None
    take: Callable[[CommandContext[Any], ChangeSet, LoadedState], None] | None = None
    refused: Callable[[CommandContext[Any], CommandError, LoadedState], None] | None = None
    save: Callable[[Connection, LoadedState, datetime], Awaitable[None]] | None = None
    next_due: Callable[[LoadedState], datetime | None] | None = None
