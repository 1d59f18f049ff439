"""Decide on a batch of clients and write all of it: pure decisions between one reading and one writing."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.primitives.ids import derive_id, new_id
from contracts.urls import PublicUrls
from contracts.wire.commands import MOVE_BY_WORKFLOW, MOVE_FROM_REMOVED
from contracts.wire.envelope import Envelope
from contracts.wire.topology import EXECUTOR_JOBS, LEDGER_COMMANDS
from ledger.account import Account
from ledger.collections.cases import rules, store, write
from ledger.collections.cases.letters import compose, letter_of, thanks_to
from ledger.collections.cases.models import Case, CollectingAccount, Debtor
from ledger.collections.cases.rules import Decided
from ledger.collections.cases.write import Entry, OutgoingMessage, StepDone
from ledger.unit_of_work.state import Key
from messaging.port import Outgoing
from storage.pool import Connection
from templates.renderer import Letter, NoWorker, Rendered, Renderer

LetterKey = tuple[UUID, int, int]
"""A case, its cycle and a step."""

_QUIET: Final = frozenset({"scheduled"})  # a state whose beginning needs no entry of its own


@dataclass(slots=True)
class Round:
    """What was read of a batch of clients, and what was decided."""

    debtors: Mapping[Key, Debtor]
    accounts: Mapping[UUID, CollectingAccount]
    steps: rules.Steps
    decided: dict[Key, list[Decided]] = field(default_factory=dict)
    letters: dict[Key, dict[LetterKey, Letter]] = field(default_factory=dict)
    paid: set[Key] = field(default_factory=set)  # invoices of cases that are settled just now


async def read(
    conn: Connection,
    *,
    keys: set[Key],
    accounts: Mapping[UUID, CollectingAccount],
    cache: store.StepCache,
    known: Mapping[Key, Debtor] | None = None,
) -> Round:
    """Read these clients, and what their cases are decided on.

    Those that are `known`, because nothing has changed since they were read, are not read again.
    """
    known = known or {}
    debtors = {**known, **await _debtors(conn, keys - known.keys(), accounts)}
    wanted = {
        (case.account_id, case.collector_id, case.version) for one in debtors.values() for case in one.cases.values()
    }
    wanted |= {
        (account_id, one.id, one.version) for account_id, account in accounts.items() for one in
        account.collectors.values()
    }  # fmt: skip
    return Round(debtors, accounts, await cache.steps(conn, wanted=wanted))


async def decide(
    conn: Connection,
    *,
    keys: Collection[Key],
    accounts: Mapping[UUID, Account],
    cache: store.StepCache,
    now: datetime,
    before: Round | None = None,
    unchanged: Collection[Key] = (),
) -> Round:
    """Read these clients of these accounts, and decide on their cases: to be written under the accounts' locks.

    What is as it was `before`, at the same `now`, is decided as it was then. Those that are `unchanged` are known
    to be so without being read.
    """
    collecting = await store.accounts(conn, accounts=accounts)
    same = set() if before is None else {one for one in collecting if before.accounts.get(one) == collecting[one]}
    known = {key: before.debtors[key] for key in unchanged if before and key in before.debtors and key[0] in same}
    made = await read(conn, keys=set(keys), accounts=collecting, cache=cache, known=known)
    for key, debtor in made.debtors.items():
        account = made.accounts[key[0]]
        if rules.removed_collectors(debtor, account):
            made.decided[key], made.letters[key] = [], {}
            continue
        if before is not None and key[0] in same and before.debtors.get(key) == debtor:
            made.decided[key], made.letters[key] = before.decided[key], before.letters[key]
            continue
        made.decided[key] = rules.decide_debtor(debtor, account, made.steps, now=now)
        made.letters[key] = {
            _letter_key(one): letter
            for one in made.decided[key]
            if (letter := letter_of(one, debtor, account, now=now)) is not None
        }
    made.paid = await store.paid(conn, sales=set(_settled_sales(made)))
    return made


def _settled_sales(made: Round) -> Iterator[Key]:
    """The invoices of cases that are settled just now, where the account thanks for payments."""
    for key, decided in made.decided.items():
        if made.accounts[key[0]].settings.get("thank_you"):
            for one in decided:
                if one.is_settled and one.before is not None:
                    yield from ((key[0], sale_id) for sale_id in one.before.sale_ids)


async def _debtors(
    conn: Connection, keys: Collection[Key], accounts: Mapping[UUID, CollectingAccount]
) -> dict[Key, Debtor]:
    """Clients with all the cases that their invoices belong to."""
    debtors = await store.debtors(conn, keys=keys) if keys else {}
    each = {key for key in debtors if any(one.kind == "invoice" for one in accounts[key[0]].collectors.values())}
    missing = {key: rules.missing_cases(debtors[key], accounts[key[0]]) for key in each}
    wanted = {(key[0], case_id) for key, ids in missing.items() for case_id in ids}
    found = await store.cases(conn, keys=wanted)
    for key, ids in missing.items():
        more = {case_id: found[key[0], case_id] for case_id in ids if (key[0], case_id) in found}
        if more:
            debtors[key] = replace(debtors[key], cases={**debtors[key].cases, **more})
    return debtors


async def render(renderer: Renderer, letters: Mapping[Key, Mapping[LetterKey, Letter]]) -> dict[LetterKey, Rendered]:
    """Render letters, account by account; those that found no worker are left out."""
    of_accounts: defaultdict[UUID, list[tuple[LetterKey, Letter]]] = defaultdict(list)
    for key, some in letters.items():
        of_accounts[key[0]] += some.items()

    async def one(account_id: UUID, some: Sequence[tuple[LetterKey, Letter]]) -> dict[LetterKey, Rendered]:
        try:
            made = await renderer.render(account_id, [letter for _, letter in some])
        except NoWorker:
            return {}
        return {key: rendered for (key, _), rendered in zip(some, made, strict=True)}

    rendered = await asyncio.gather(*(one(account_id, some) for account_id, some in of_accounts.items()))
    return {key: one for some in rendered for key, one in some.items()}


@dataclass(slots=True)
class Written:
    """What a round writes."""

    cases: list[Case] = field(default_factory=list)
    steps: list[StepDone] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    messages: list[OutgoingMessage] = field(default_factory=list)
    due: dict[Key, datetime | None] = field(default_factory=dict)
    outgoing: list[Outgoing] = field(default_factory=list)

    async def save(self, conn: Connection) -> None:
        """Write everything but what goes out."""
        await write.cases(conn, cases=self.cases)
        await write.steps(conn, steps=self.steps)
        await write.entries(conn, entries=self.entries)
        await write.messages(conn, messages=self.messages)
        await write.due(conn, moments=self.due)


def written_of(
    made: Round, keys: Collection[Key], texts: Mapping[LetterKey, Rendered], urls: PublicUrls, *, now: datetime
) -> Written:
    """What is written of these clients, whose letters are rendered."""
    written = Written()
    for key in sorted(keys):
        finals = []
        for one in made.decided[key]:
            final = _settled(one, made.debtors[key], made.accounts[key[0]], texts, urls, written, now)
            finals.append(final)
            _also_thank(one, made, key, urls, written, now)
            written.entries += _entries(final, now)
            if final.is_changed:
                written.cases.append(final.case)
        written.due[key] = rules.next_due(finals, now)
        written.outgoing += _moves_from_removed(made.debtors[key], made.accounts[key[0]])
    return written


def _moves_from_removed(debtor: Debtor, account: CollectingAccount) -> Iterator[Outgoing]:
    """The commands that move a client's invoices out of removed collectors; each decides on the client again."""
    for collector_id in sorted(rules.removed_collectors(debtor, account)):
        command_id = new_id()
        command = Envelope(
            id=command_id,
            name=MOVE_FROM_REMOVED,
            account_id=debtor.account_id,
            correlation_id=command_id,
            data={"client_id": str(debtor.id), "collector_id": str(collector_id)},
        )
        yield _outgoing(LEDGER_COMMANDS.name, command)


def _also_thank(one: Decided, made: Round, key: Key, urls: PublicUrls, written: Written, now: datetime) -> None:
    """Thank a client who paid all that it was reminded of, where the account wants that."""
    debtor, before = made.debtors[key], one.before
    if not one.is_settled or before is None or not before.sale_ids:
        return
    if debtor.row["archived_at"] is not None or "email" in debtor.unreachable or before.muted_reason is not None:
        return
    if all((key[0], sale_id) in made.paid for sale_id in before.sale_ids):
        composed = thanks_to(debtor, made.accounts[key[0]], before, urls, now=now)
        written.messages.append(composed.message)
        written.outgoing.append(_outgoing(EXECUTOR_JOBS.name, composed.job))


def _settled(
    one: Decided,
    debtor: Debtor,
    account: CollectingAccount,
    texts: Mapping[LetterKey, Rendered],
    urls: PublicUrls,
    written: Written,
    now: datetime,
) -> Decided:
    """Take a case's step, unless what it says cannot be rendered: then a person has to see to it."""
    if one.taken is None:
        return one
    rendered = texts.get(_letter_key(one), Rendered({}))
    if rendered.texts is None:
        return Decided(one.before, _faulty(one, rendered.fault or "", now), one.untaken)
    message_id = None
    if one.taken.spec.channel in {"email", "sms"}:
        composed = compose(one, debtor, account, rendered.texts, urls, now=now)
        message_id = composed.message.id
        written.messages.append(composed.message)
        written.outgoing.append(_outgoing(EXECUTOR_JOBS.name, composed.job))
        if one.taken.spec.channel == "email" and one.case.thread_id is None:
            one = replace(one, case=one.case.but(thread_id=message_id))
    else:
        _also_move(one, rendered.texts, written)
    written.steps += _steps(one, message_id, now)
    return one


def _also_move(one: Decided, texts: Mapping[str, str], written: Written) -> None:
    if one.taken is not None and one.taken.spec.channel == "move":
        written.outgoing.append(_outgoing(LEDGER_COMMANDS.name, _move(one, texts)))


def _faulty(one: Decided, fault: str, now: datetime) -> Case:
    assert one.taken is not None  # noqa: S101  only what is taken is rendered
    reason = f"the template of step {one.taken.step} cannot be rendered: {fault}"[:500]
    is_same = one.before is not None and (one.before.state, one.before.reason) == ("pending", reason)
    return one.waiting.but(
        state="pending",
        reason=reason,
        ends="correct the collector's template with apply_to_active, send another message or skip the step",
        since=one.before.since if is_same and one.before is not None else now,
        next_at=None,
        forced_step=None,
    )


def _move(one: Decided, texts: Mapping[str, str]) -> Envelope:
    case, taken = one.case, one.taken
    assert taken is not None  # noqa: S101  a step that is taken
    command_id = derive_id(case.id, f"move:{case.cycle}:{taken.step}")
    notification = {"subject": texts["subject"], "body": texts["body"]} if texts else None
    return Envelope(
        id=command_id,
        name=MOVE_BY_WORKFLOW,
        account_id=case.account_id,
        correlation_id=command_id,
        data={
            "case_id": str(case.id),
            "cycle": case.cycle,
            "step": taken.step,
            "target_id": str(taken.spec.target_id),
            "starts_manually": taken.spec.starts_manually,
            "notify": list(taken.spec.notify["to"]) if taken.spec.notify else [],
            "notification": notification,
        },
    )


def _steps(one: Decided, message_id: UUID | None, now: datetime) -> Iterator[StepDone]:
    taken, untaken = one.taken, one.untaken
    assert taken is not None  # noqa: S101  as above
    before = {
        "last_step": untaken.last_step,
        "last_step_at": untaken.last_step_at,
        "last_due": untaken.last_due,
        "contacted": untaken.contacted,
        "thread_id": untaken.thread_id,
    }
    for step in (*one.skipped, taken.step):
        is_taken = step == taken.step
        yield StepDone(
            account_id=untaken.account_id,
            case_id=untaken.id,
            cycle=untaken.cycle,
            step=step,
            attempt=1,
            state="taken" if is_taken else "skipped",
            collector_id=untaken.collector_id,
            version=untaken.version,
            channel=taken.spec.channel if is_taken else "",
            by_person=taken.by_person and is_taken,
            message_id=message_id if is_taken else None,
            open_minor=untaken.open_minor,
            currency=untaken.currency,
            before=before,
            at=now,
        )


def _entries(one: Decided, now: datetime) -> Iterator[Entry]:
    """An entry where the state is another one, but for what goes its way."""
    before, case = one.before, one.case
    was = None if before is None else before.state
    if was == case.state or (case.state in _QUIET and was is None):
        return
    yield entry_of(case, "state", {"state": case.state, "before": was, "reason": case.reason}, now)


def entry_of(case: Case, kind: str, detail: Mapping[str, Any], now: datetime) -> Entry:
    """What happened to a case."""
    return Entry(case.account_id, new_id(), case.id, case.cycle, kind, detail, now)


def _letter_key(one: Decided) -> LetterKey:
    return one.case.id, one.case.cycle, one.taken.step if one.taken else -1


def _outgoing(queue: str, envelope: Envelope) -> Outgoing:
    return Outgoing(envelope.id, queue, envelope.encode())
