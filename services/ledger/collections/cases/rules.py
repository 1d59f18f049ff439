"""Decide on all cases of a client: pure, from what the ledger holds of it now.

An invoice belongs to the collector that it was moved to, else its client's, else the account's default. A collector of
kind `client` has one case for all of a client's invoices, one of kind `invoice` a case for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from contracts.primitives.money import from_minor
from ledger.collections import rules
from ledger.collections.cases.models import (
    FOREVER,
    Case,
    CollectingAccount,
    Debtor,
    OpenInvoice,
    StepSpec,
    case_id,
    new_case,
)
from ledger.collections.collectors.models import Collector, default_of, living
from ledger.collections.durations import shifted, start_of
from ledger.collections.models import CaseFacts, Outlook, Progress
from templates.reminders import LISTED_MAX

Steps = Mapping[tuple[UUID, int], Sequence[StepSpec]]
"""The steps of collectors' versions, by collector and version."""

_HOLDS: Final = frozenset({"settled", "muted", "paused", "promised", "disputed", "awaiting_reply", "idle"})


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is taken now, and the invoices that it lists: those it is about, then disputed ones."""

    step: int
    spec: StepSpec
    by_person: bool
    invoices: Sequence[OpenInvoice]


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of a case: as it was, as it is now (once its step is taken), and what is done for that.

    `untaken` has the progress that it had without the step; what state it is in then is `waiting`.
    """

    before: Case | None
    case: Case
    untaken: Case
    waiting_state: Callable[[], Case] | None = None
    taken: Taken | None = None
    skipped: tuple[int, ...] = ()
    is_settled: bool = False  # just now, by payment of everything

    @property
    def is_changed(self) -> bool:
        """Whether there is something to write."""
        return self.before is None or self.before != self.case

    @property
    def waiting(self) -> Case:
        """The case as it is as long as its step is not taken; computed where it is asked for, which is rare."""
        return self.untaken if self.waiting_state is None else self.waiting_state()


def decide_debtor(debtor: Debtor, account: CollectingAccount, steps: Steps, *, now: datetime) -> list[Decided]:
    """Decide on every case of a client, those that begin now as well."""
    groups = _groups(debtor, account)
    decided = []
    for key, (collector, sale_id, invoices) in groups.items():
        before = debtor.cases.get(key)
        case = before or new_case(collector, client_id=debtor.id, sale_id=sale_id, now=now)
        decided.append(_decide(before, case, invoices, debtor, account, steps, now))
    for key, case in debtor.cases.items():
        if key not in groups and case.state != "settled":
            decided.append(_decide(case, case, [], debtor, account, steps, now))
    return decided


def cases_of_removed(debtor: Debtor, account: CollectingAccount) -> list[Case]:
    """The client's cases that are not settled and whose collector was removed: their invoices have to be moved."""
    return [
        one
        for one in debtor.cases.values()
        if one.state != "settled" and account.collectors[one.collector_id].deleted_at is not None
    ]


def removed_collectors(debtor: Debtor, account: CollectingAccount) -> set[UUID]:
    """The removed collectors that a client is still in: by a case, or by an invoice that was moved there just before.

    An invoice that came back, whose collector was removed without another in its place, follows its client's.
    """
    named = {one.collector_id for one in debtor.invoices if one.collector_id is not None}
    replaced = {one for one in named if account.collectors[one].deleted_at and living(account.collectors, one)}
    return replaced | {one.collector_id for one in cases_of_removed(debtor, account)}


def missing_cases(debtor: Debtor, account: CollectingAccount) -> set[UUID]:
    """The cases that the client's invoices belong to and that were not read."""
    return _groups(debtor, account).keys() - debtor.cases.keys()


def next_due(decided: Sequence[Decided], now: datetime) -> datetime | None:
    """When a client's cases have to be decided on again."""
    moments = []
    for one in decided:
        case = one.case
        if case.state == "scheduled" and case.next_at is not None:
            moments.append(max(case.next_at, now))
        elif case.ends_at is not None and case.ends_at > now:
            moments.append(case.ends_at)
    return min(moments, default=None)


def collector_of(invoice: OpenInvoice, debtor: Debtor, account: CollectingAccount) -> Collector:
    """The collector that an invoice belongs to."""
    own = living(account.collectors, invoice.collector_id) or living(account.collectors, debtor.row["collector_id"])
    return own or default_of(account.collectors)


def _groups(debtor: Debtor, account: CollectingAccount) -> dict[UUID, tuple[Collector, UUID | None, list[OpenInvoice]]]:
    groups: dict[UUID, tuple[Collector, UUID | None, list[OpenInvoice]]] = {}
    for invoice in debtor.invoices:
        collector = collector_of(invoice, debtor, account)
        sale_id = invoice.id if collector.kind == "invoice" else None
        key = case_id(collector.id, sale_id or debtor.id)
        groups.setdefault(key, (collector, sale_id, []))[2].append(invoice)
    return groups


def _decide(
    before: Case | None,
    case: Case,
    invoices: Sequence[OpenInvoice],
    debtor: Debtor,
    account: CollectingAccount,
    steps: Steps,
    now: datetime,
) -> Decided:
    case = _renewed(_summed(case, invoices, account, now), invoices, account, now)
    specs = steps[case.collector_id, case.version]
    facts = _facts(case, invoices, debtor, account, now)
    progress = _progress(case, debtor.last_contact_at)
    outlook = _outlook(case, specs, facts, progress, account, now)
    forced = case.forced_step is not None
    if forced:
        outlook = _forced(case, specs, outlook, facts, now)
    if outlook.state != "scheduled" or outlook.step is None or outlook.at is None or outlook.at > now:
        is_settled = outlook.state == "settled" and case.state != "settled" and case.contacted
        resting = _in_state(case, specs, outlook, now, forced_step=None)
        return Decided(before, resting, resting, is_settled=is_settled)
    spec = specs[outlook.step]
    done = _done(case, outlook.step, spec, now)
    contact_at = debtor.last_contact_at if spec.channel == "move" else now
    coming = _outlook(case, specs, facts, replace(progress, last_contact_at=contact_at, **done), account, now)
    taken = Taken(outlook.step, spec, forced, _listed(invoices, spec, account))
    waiting = partial(_in_state, case, specs, outlook, now)
    after = _in_state(case, specs, coming, now, **done, last_due=case.oldest_due, forced_step=None)
    return Decided(before, after, case, waiting, taken, outlook.skipped)


def _listed(invoices: Sequence[OpenInvoice], spec: StepSpec, account: CollectingAccount) -> Sequence[OpenInvoice]:
    """The invoices that a step is about; then the disputed ones, where the account wants and the text marks them."""
    undisputed = [one for one in invoices if not one.disputed]
    if not (account.marks_disputed and spec.says_disputed):
        return undisputed
    return [*undisputed, *(one for one in invoices if one.disputed)]


def _forced(case: Case, specs: Sequence[StepSpec], outlook: Outlook, facts: CaseFacts, now: datetime) -> Outlook:
    """The step that a person wants now, unless something holds it."""
    step = case.forced_step
    if step is None or step >= len(specs) or outlook.state in _HOLDS or facts.archived:
        return outlook
    if specs[step].channel in facts.unreachable or step != outlook.step:
        return outlook
    return Outlook("scheduled", "a person sends it", "its being sent", step, now, outlook.skipped)


def _done(case: Case, step: int, spec: StepSpec, now: datetime) -> dict[str, Any]:
    """How far a case has come once the step is taken."""
    return {"last_step": step, "last_step_at": now, "contacted": case.contacted or spec.channel != "move"}


def _summed(case: Case, invoices: Sequence[OpenInvoice], account: CollectingAccount, now: datetime) -> Case:
    """The case with what is open of it."""
    today = account.account.day(now)
    currency = invoices[0].currency if invoices else case.currency
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in invoices:
        sums[one.currency][0] += one.open_minor
        sums[one.currency][1] += one.open_minor if _is_overdue(one, today) else 0
    main = sums[currency] if currency is not None and invoices else [0, 0]
    return case.but(
        currency=currency,
        open_minor=main[0],
        overdue_minor=main[1],
        amounts=[
            {"currency": name, "open": from_minor(minor, name), "overdue": from_minor(late, name)}
            for name, (minor, late) in sums.items()
        ],
        oldest_due=invoices[0].date_due if invoices else case.oldest_due,
        sale_ids=[one.id for one in invoices[:LISTED_MAX]],
        invoices=len(invoices),
    )


def _is_overdue(invoice: OpenInvoice, today: date) -> bool:
    return invoice.date_due is not None and invoice.date_due < today


def _renewed(case: Case, invoices: Sequence[OpenInvoice], account: CollectingAccount, now: datetime) -> Case:
    """The next cycle, where what the last step was about is not open any more, and something else is."""
    if not invoices:
        return case
    moved = max((one.moved_at for one in invoices if one.moved_at is not None), default=None)
    is_new_debt = case.last_due is not None and case.oldest_due is not None and case.oldest_due > case.last_due
    if case.state != "settled" and not is_new_debt:
        if case.last_step < 0 and moved is not None and not case.moved_in:
            manually = any(one.starts_manually for one in invoices)
            return case.but(moved_in=True, starts_manually=manually, entered_at=moved)
        return case
    return case.but(
        version=account.collectors[case.collector_id].version,
        cycle=case.cycle + 1,
        entered_at=now,
        moved_in=case.state == "settled" and moved is not None,
        starts_manually=case.state == "settled" and any(one.starts_manually for one in invoices),
        last_step=-1,
        last_step_at=None,
        last_due=None,
        contacted=False,
        thread_id=None,
        forced_step=None,
    )


def _facts(
    case: Case, invoices: Sequence[OpenInvoice], debtor: Debtor, account: CollectingAccount, now: datetime
) -> CaseFacts:
    undisputed = [one for one in invoices if not one.disputed]
    return CaseFacts(
        open_minor=case.open_minor,
        date_due=(undisputed or [*invoices])[0].date_due if invoices else None,
        undisputed_minor=sum(one.open_minor for one in undisputed if one.currency == undisputed[0].currency),
        muted=case.muted_reason is not None,
        paused_until=(case.paused_until or FOREVER) if case.is_paused else None,
        promised_until=debtor.promised_until,
        needs_response=debtor.needs_response,
        covered_until=_covered_until(debtor, account, now),
        archived=debtor.row["archived_at"] is not None,
        unreachable=debtor.unreachable,
    )


def _covered_until(debtor: Debtor, account: CollectingAccount, now: datetime) -> datetime | None:
    """When the client's unallocated credit ceases to cover all that is overdue; None where it does not, or nothing is.

    Over all invoices of the client, because the same credit may pay any of them; disputed ones are left out.
    """
    today, left, is_anything_overdue = account.account.day(now), dict(debtor.credit), False
    for one in debtor.invoices if left else ():
        if one.disputed or one.date_due is None:
            continue
        is_overdue = one.date_due < today
        left[one.currency] = left.get(one.currency, 0) - one.open_minor
        if left[one.currency] < 0:
            over = start_of(shifted(one.date_due, days=1), account.calendar.zone)
            return over if is_anything_overdue and not is_overdue else None
        is_anything_overdue = is_anything_overdue or is_overdue
    return FOREVER if is_anything_overdue else None


def _progress(case: Case, last_contact_at: datetime | None) -> Progress:
    return Progress(
        entered_at=case.entered_at,
        last_step=case.last_step,
        last_step_at=case.last_step_at,
        last_contact_at=last_contact_at,
        contacted=case.contacted,
        moved_in=case.moved_in,
    )


def _outlook(
    case: Case,
    specs: Sequence[StepSpec],
    facts: CaseFacts,
    progress: Progress,
    account: CollectingAccount,
    now: datetime,
) -> Outlook:
    manually = case.starts_manually and progress.last_step < 0
    steps = [spec.step(case.currency, manually=manually and number == 0) for number, spec in enumerate(specs)]
    return rules.outlook(steps, facts, progress, account.calendar, now=now)


def _in_state(case: Case, specs: Sequence[StepSpec], outlook: Outlook, now: datetime, **done: Any) -> Case:
    """The case as the outlook says that it stands, with what was `done`; since when, where that is new."""
    paused_over = case.is_paused and outlook.state not in {"paused", "muted", "settled"}
    reason = outlook.reason
    if outlook.state == "muted" and case.muted_reason:
        reason = case.muted_reason
    elif outlook.state == "paused" and case.paused_reason:
        reason = case.paused_reason
    ends_at = outlook.at if outlook.step is None and outlook.at != FOREVER else None
    is_same = outlook.state == case.state and case.reason != ""
    return case.but(
        state=outlook.state,
        reason=case.reason if is_same and outlook.state == "settled" else reason,
        ends="a person resumes it" if outlook.state == "paused" and outlook.at == FOREVER else outlook.ends,
        since=case.since if is_same else now,
        ends_at=ends_at,
        next_step=outlook.step,
        next_channel=None if outlook.step is None else specs[outlook.step].channel,
        next_at=outlook.at if outlook.step is not None else None,
        paused_reason=None if paused_over else case.paused_reason,
        paused_until=None if paused_over else case.paused_until,
        updated_at=now,
        **done,
    )
