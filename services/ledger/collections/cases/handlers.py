"""Decide what people do to cases: send or skip a step, pause, resume, mute, unmute, snooze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from contracts.command_errors import InvalidInput, NotFound, StateForbids
from contracts.primitives.problem import FieldError
from contracts.resources.account import FollowSettings
from contracts.resources.case import CaseById, MuteCase, PauseCase, SnoozeCase
from ledger.collections.cases import rules
from ledger.collections.cases.models import Case
from ledger.collections.cases.rounds import entry_of
from ledger.collections.cases.state import CaseChanges, CasePlan, LoadedCases
from ledger.collections.cases.write import StepDone
from ledger.collections.due.state import make_due
from ledger.collections.durations import start_of
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan

M = TypeVar("M", CaseById, PauseCase, MuteCase, SnoozeCase)
_SENDABLE = frozenset({"email", "sms", "move"})


def plan_case(ctx: CommandContext[Any], plan: ReadPlan) -> None:
    """Let the case be read."""
    plan[CasePlan].cases.add(ctx.key(ctx.input.id))


def plan_client(ctx: CommandContext[Any], state: LoadedState, plan: ReadPlan) -> None:
    """Let everything be read that the case is decided on."""
    case = state[LoadedCases].cases.get(ctx.key(ctx.input.id))
    if case is not None:
        plan[CasePlan].clients.add(ctx.key(case.client_id))


def _on_case(model: type[M], decide: Callable[[CommandContext[M], Case, ChangeSet], Case]) -> CommandHandler[M]:
    """A handler that changes one case: what it then comes to is decided as the scheduler does."""

    def handle(ctx: CommandContext[M], state: LoadedState) -> ChangeSet:
        before = state[LoadedCases].cases.get(ctx.key(ctx.input.id))
        if before is None:
            raise NotFound("There is no case with this id.")
        changes = ChangeSet(("case", before.id))
        after = decide(ctx, before, changes)
        changes[CaseChanges].cases[before.id] = restated(ctx, after, state)
        make_due(changes, before.client_id)
        return changes

    return CommandHandler(model, plan_case, handle, plan_client)


def restated(ctx: CommandContext[Any], case: Case, state: LoadedState) -> Case:
    """The case in the state that it is in now, its next step not taken yet."""
    known = state[LoadedCases]
    debtor = known.debtor(ctx.key(case.client_id))
    debtor = replace(debtor, cases={**debtor.cases, case.id: case})
    account = known.accounts[ctx.account.id]
    decided = rules.decide_debtor(debtor, account, known.steps, now=ctx.now)
    found = next((one for one in decided if one.case.id == case.id), None)
    return case if found is None else replace(found.waiting, forced_step=case.forced_step)


def _send(_ctx: CommandContext[CaseById], case: Case, _changes: ChangeSet) -> Case:
    step = _next_step(case)
    if case.next_channel not in _SENDABLE:
        raise StateForbids("The next step is a call: record it with POST /v1/calls, or skip it.")
    if "no address" in case.reason:
        raise StateForbids(f"{case.reason[0].upper()}{case.reason[1:]}: add one to the client.")
    return replace(case, forced_step=step)


def _skip(ctx: CommandContext[CaseById], case: Case, changes: ChangeSet) -> Case:
    step = _next_step(case)
    changes[CaseChanges].steps.append(skipped_by_person(ctx, case, step))
    return replace(case, last_step=step, last_step_at=ctx.now, last_due=case.oldest_due, forced_step=None)


def skipped_by_person(ctx: CommandContext[Any], case: Case, step: int) -> StepDone:
    """The row of a step that a person skips."""
    return StepDone(
        account_id=case.account_id,
        case_id=case.id,
        cycle=case.cycle,
        step=step,
        attempt=1,
        state="skipped",
        collector_id=case.collector_id,
        version=case.version,
        channel=case.next_channel or "",
        by_person=True,
        message_id=None,
        open_minor=case.open_minor,
        currency=case.currency,
        before={},
        at=ctx.now,
    )


def _pause(ctx: CommandContext[PauseCase], case: Case, changes: ChangeSet) -> Case:
    _require_open(case)
    until = None if ctx.input.until is None else _time_to_come(ctx, ctx.input.until)
    reason = ctx.input.reason or "a person paused it"
    _note(ctx, case, changes, "paused", {"until": until.isoformat() if until else None, "reason": reason})
    changes[CaseChanges].held.add(case.client_id)
    return replace(case, paused_reason=reason, paused_until=until)


def _time_to_come(ctx: CommandContext[Any], given: date | datetime) -> datetime:
    until = given if isinstance(given, datetime) else start_of(given, ctx.account.zone)
    if until <= ctx.now:
        raise InvalidInput(faults=[FieldError("until", "is over: name a day or a time to come")])
    return until


def _snooze(ctx: CommandContext[SnoozeCase], case: Case, changes: ChangeSet) -> Case:
    _require_open(case)
    until = _time_to_come(ctx, ctx.input.until)
    _note(ctx, case, changes, "snoozed", {"until": until.isoformat()})
    changes[CaseChanges].held.add(case.client_id)
    return replace(case, paused_reason="snoozed", paused_until=until)


def _resume(ctx: CommandContext[CaseById], case: Case, changes: ChangeSet) -> Case:
    if not case.is_paused:
        raise StateForbids("The case is not paused.")
    _note(ctx, case, changes, "resumed", {})
    return replace(case, paused_reason=None, paused_until=None)


def _mute(ctx: CommandContext[MuteCase], case: Case, changes: ChangeSet) -> Case:
    _note(ctx, case, changes, "muted", {"reason": ctx.input.reason})
    changes[CaseChanges].held.add(case.client_id)
    return replace(case, muted_reason=ctx.input.reason)


def _unmute(ctx: CommandContext[CaseById], case: Case, changes: ChangeSet) -> Case:
    if case.muted_reason is None:
        raise StateForbids("The case is not muted.")
    _note(ctx, case, changes, "unmuted", {})
    return replace(case, muted_reason=None)


def _next_step(case: Case) -> int:
    if case.next_step is None or case.state not in {"pending", "scheduled"}:
        raise StateForbids(f"The case has no step to take: it is {case.state.replace('_', ' ')}, {case.reason}.")
    return case.next_step


def _require_open(case: Case) -> None:
    if case.state == "settled":
        raise StateForbids("The case is settled: nothing is open.")


def _note(ctx: CommandContext[Any], case: Case, changes: ChangeSet, kind: str, detail: dict[str, Any]) -> None:
    changes[CaseChanges].entries.append(entry_of(case, kind, detail, ctx.now))


SEND_CASE_STEP = _on_case(CaseById, _send)
SKIP_CASE_STEP = _on_case(CaseById, _skip)
PAUSE_CASE = _on_case(PauseCase, _pause)
SNOOZE_CASE = _on_case(SnoozeCase, _snooze)
RESUME_CASE = _on_case(CaseById, _resume)
MUTE_CASE = _on_case(MuteCase, _mute)
UNMUTE_CASE = _on_case(CaseById, _unmute)


def _plan_nothing(_ctx: CommandContext[FollowSettings], _plan: ReadPlan) -> None:
    """The time zone is kept, and with it the ends of days, where the account is locked."""


def _follow(ctx: CommandContext[FollowSettings], _state: LoadedState) -> ChangeSet:
    changes = ChangeSet(None, result_body={})
    changes[CaseChanges].following.add(ctx.account.id)
    return changes


FOLLOW_SETTINGS = CommandHandler(FollowSettings, _plan_nothing, _follow)
