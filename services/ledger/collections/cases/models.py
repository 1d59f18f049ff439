"""What a case is, and what has to be known of its client and account to decide on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from contracts.primitives.durations import Duration
from contracts.primitives.ids import derive_id
from contracts.primitives.money import to_minor
from contracts.resources.account import marks_disputed
from ledger.account import Account
from ledger.collections.collectors.models import Collector
from ledger.collections.models import Anchor, Calendar, CaseState, Channel, Step

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
"""The end of a pause that a person ends."""


@dataclass(frozen=True, slots=True, eq=False)
class StepSpec:
    """A step of a collector's version, with what it does. Equal to itself alone: it is read once for many clients."""

    channel: Channel
    anchor: Anchor
    delay: Duration
    automatic: bool
    min_amount: Decimal | None
    template: Mapping[str, Any]
    attach_pdf: bool
    attach_statement: bool
    cc: Sequence[str]
    target_id: UUID | None
    starts_manually: bool
    notify: Mapping[str, Any] | None
    says_disputed: bool = False

    @lru_cache(maxsize=8_192)  # noqa: B019  steps are kept longer than that
    def step(self, currency: str | None, *, manually: bool) -> Step:
        """What the rules have to know of it, for a case in a currency."""
        least = 0 if self.min_amount is None or currency is None else to_minor(self.min_amount, currency, rounded=True)
        return Step(self.channel, self.anchor, self.delay, self.automatic and not manually, least)


@dataclass(frozen=True, slots=True)
class Case:
    """A row of `ledger.collection_case`."""

    account_id: UUID
    id: UUID
    client_id: UUID
    sale_id: UUID | None
    collector_id: UUID
    version: int
    cycle: int
    state: CaseState
    reason: str
    ends: str
    since: datetime
    ends_at: datetime | None
    next_step: int | None
    next_channel: Channel | None
    next_at: datetime | None
    entered_at: datetime
    moved_in: bool
    starts_manually: bool
    last_step: int
    last_step_at: datetime | None
    last_due: date | None
    contacted: bool
    forced_step: int | None
    muted_reason: str | None
    paused_reason: str | None
    paused_until: datetime | None
    thread_id: UUID | None
    currency: str | None
    open_minor: int
    overdue_minor: int
    amounts: list[dict[str, str]]
    oldest_due: date | None
    sale_ids: list[UUID]
    invoices: int
    created_at: datetime
    updated_at: datetime = field(compare=False)  # of two that are equal but for it, neither is written

    def but(self, **fields: Any) -> Case:
        """The case with other values of these fields: `dataclasses.replace` at a third of its time."""
        values = [*_VALUES(self)]
        for name, value in fields.items():
            values[_PLACES[name]] = value
        return Case(*values)

    @property
    def is_paused(self) -> bool:
        """Whether a person paused it; without `paused_until` until a person resumes it."""
        return self.paused_reason is not None


_NAMES: Final = [one.name for one in dataclasses.fields(Case)]
_PLACES: Final = {name: place for place, name in enumerate(_NAMES)}
_VALUES: Final = attrgetter(*_NAMES)


def case_id(collector_id: UUID, of: UUID) -> UUID:
    """The id of the one case of a collector for a client or an invoice."""
    return derive_id(of, f"case:{collector_id}")


def new_case(collector: Collector, *, client_id: UUID, sale_id: UUID | None, now: datetime) -> Case:
    """A case at its beginning, before it is decided on."""
    return Case(
        account_id=collector.account_id,
        id=case_id(collector.id, sale_id or client_id),
        client_id=client_id,
        sale_id=sale_id,
        collector_id=collector.id,
        version=collector.version,
        cycle=1,
        state="scheduled",
        reason="",
        ends="",
        since=now,
        ends_at=None,
        next_step=None,
        next_channel=None,
        next_at=None,
        entered_at=now,
        moved_in=False,
        starts_manually=False,
        last_step=-1,
        last_step_at=None,
        last_due=None,
        contacted=False,
        forced_step=None,
        muted_reason=None,
        paused_reason=None,
        paused_until=None,
        thread_id=None,
        currency=None,
        open_minor=0,
        overdue_minor=0,
        amounts=[],
        oldest_due=None,
        sale_ids=[],
        invoices=0,
        created_at=now,
        updated_at=now,
    )


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice of a client on which something is to be paid."""

    id: UUID
    number: str
    document_date: date
    date_due: date | None
    currency: str
    total_minor: int
    open_minor: int
    disputed: bool
    collector_id: UUID | None  # that it was moved to
    moved_at: datetime | None
    starts_manually: bool


@dataclass(frozen=True, slots=True)
class Debtor:
    """A client as collections see it: its row, its open invoices, longest due first, and what holds reminders back.

    `credit` is what of its payments and credit notes is not allocated, in minor units by currency.
    """

    account_id: UUID
    id: UUID
    row: Mapping[str, Any]
    invoices: Sequence[OpenInvoice]
    promised_until: date | None
    needs_response: bool
    last_contact_at: datetime | None
    unreachable: frozenset[Channel]
    credit: Mapping[str, int] = field(default_factory=dict)
    cases: Mapping[UUID, Case] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollectingAccount:
    """An account as collections see it: its days, its settings, its collectors and their steps."""

    account: Account
    row: Mapping[str, Any]
    calendar: Calendar
    settings: Mapping[str, Any]
    collectors: Mapping[UUID, Collector]

    @property
    def marks_disputed(self) -> bool:
        """Whether its messages list disputed invoices, marked as such."""
        return marks_disputed(self.settings)

    @property
    def locale(self) -> str | None:
        """The account's language."""
        locale: str | None = self.row["locale"]
        return locale
