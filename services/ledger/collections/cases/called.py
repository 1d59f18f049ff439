"""Decide what a call with a client means for its cases: a call step that is due ends, or everything waits a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from ledger.collections.cases.handlers import restated, skipped_by_person
from ledger.collections.cases.models import Case
from ledger.collections.cases.rounds import entry_of
from ledger.collections.cases.state import CaseChanges, LoadedCases
from ledger.collections.durations import start_of
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


def call_cases(
    ctx: CommandContext[Any],
    state: LoadedState,
    changes: ChangeSet,
    *,
    client: Key,
    advance: bool,
    snooze_until: date | None,
) -> bool:
    """Let a call take effect on the cases of a client that the plan named; whether a call step ended."""
    if client not in state[LoadedCases].debtors:
        return False
    cases = [one for one in state[LoadedCases].debtor(client).cases.values() if one.state != "settled"]
    due = [one for one in cases if one.state == "pending" and one.next_channel == "call"]
    until = None if snooze_until is None else start_of(snooze_until, ctx.account.zone)
    for case in cases:
        after = _called(case, changes, ctx) if advance and case in due else case
        if until is not None and until > ctx.now:
            after = _snoozed(after, until, changes, ctx)
        if after is not case:
            changes[CaseChanges].cases[case.id] = restated(ctx, after, state)
    return advance and bool(due)


def _called(case: Case, changes: ChangeSet, ctx: CommandContext[Any]) -> Case:
    """The case after its call step, which a person took."""
    assert case.next_step is not None  # noqa: S101  a step is due
    changes[CaseChanges].steps.append(replace(skipped_by_person(ctx, case, case.next_step), state="taken"))
    return replace(
        case,
        last_step=case.next_step,
        last_step_at=ctx.now,
        last_due=case.oldest_due,
        contacted=True,
        forced_step=None,
    )


def _snoozed(case: Case, until: datetime, changes: ChangeSet, ctx: CommandContext[Any]) -> Case:
    changes[CaseChanges].entries.append(entry_of(case, "snoozed", {"until": until.isoformat()}, ctx.now))
    changes[CaseChanges].held.add(case.client_id)
    return replace(case, paused_reason="snoozed in a call", paused_until=until)
