"""Take one step of a run: fill in its input, call its action, and decide what becomes of the run.

What may act outside begins only once its beginning is committed, together with all results before it. The results of
steps that act nowhere wait for the next commit: repeating them after a crash changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from prometheus_client import Counter

from action_executor.actions import ACTIONS, StepContext
from action_executor.foreign_text import clean_text
from action_executor.runs import rules, store, trial
from action_executor.runs.inputs import InvalidStepInput, fill_input, names_account, names_at
from action_executor.runs.navigation import Navigator
from action_executor.runs.places import Program, place_of
from action_executor.runs.records import Entered, Failed, NotBegun, Run, Sent, Step, StepCall, StepOutcome, StepSpec
from action_executor.runs.save_store import RunWrite
from action_executor.runs.store import RunChange, StepChange, StepKind
from action_executor.runs.writer import RunWriter
from action_executor.settings import LEASE_MARGIN_SECONDS, STEP_SECONDS
from contracts.wire.envelope import Envelope
from storage.pool import Pool
from storage.transient import is_transient
from templates.filling import Filled, TemplateFault, is_plain
from templates.renderer import NoWorker, Renderer, WorkerKilled

log = structlog.get_logger(__name__)

STEPS: Final = Counter("ledgerwire_run_steps_total", "Steps settled", ["action", "outcome"])

UNSAVED_MAX: Final = 20  # results of one run that wait for the next commit


@dataclass(slots=True)
class ActiveRun:
    """A run that this process takes from step to step, with its steps by path and what of them is not committed."""

    run: Run
    program: Program
    known: dict[str, Step]
    unsaved: dict[str, tuple[StepChange, StepKind]]

    def at_step(self) -> Navigator:
        """The current step."""
        return Navigator(self.program, self.known, place_of(self.run.path), failing=self.run.error is not None)

    def write(self, change: RunChange, *, command: Envelope | None = None) -> RunWrite:
        """A change of the run together with everything that is not committed yet."""
        steps, self.unsaved = list(self.unsaved.values()), {}
        leaves_pending = any(step.state == "pending" for step in self.known.values())
        return RunWrite(self.run, change, steps, command, leaves_pending)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A step before its call; `written` when its beginning is committed already, `fault` when it cannot begin."""

    step: Step
    given: Mapping[str, Any] | None = None
    first: bool = False
    written: bool = False
    fault: Failed | NotBegun | None = None
    warnings: Sequence[Mapping[str, str]] | None = None


class StepRunner:
    """Takes steps, and commits their results through the writer."""

    def __init__(
        self,
        pool: Pool,
        writer: RunWriter,
        renderer: Renderer,
        context: StepContext,
        *,
        schedule: Sequence[float],
        lease_seconds: float,
    ) -> None:
        self._pool, self._writer, self._renderer, self._context = pool, writer, renderer, context
        self._schedule, self._lease_seconds = schedule, lease_seconds

    async def take(self, active: ActiveRun) -> tuple[RunChange, Envelope | None]:
        """Prepare, call and settle the current step; return what becomes of the run, and the command that it sends.

        A run whose change has not been committed goes straight on, see `_may_wait`.
        """
        at = active.at_step()
        before = at.step
        prepared = await self._prepare(active, at)
        outcome = prepared.fault or await self._call(active.run, at.spec, prepared)
        if isinstance(outcome, Entered) and (fault := at.entry_fault(outcome.into, prepared.given)):
            outcome = Failed(fault)
        step = prepared.step
        change, step_change = rules.apply_outcome(
            step,
            outcome,
            at.ways(),
            schedule=at.spec.retry_seconds or self._schedule,
            lease_seconds=self._lease_seconds,
            jitter=random.random(),  # noqa: S311  jitter, no secret
        )
        if not prepared.written:
            step_change = replace(
                step_change,
                input=prepared.given,
                warnings=prepared.warnings,
                begun=step.attempts > before.attempts and not isinstance(outcome, NotBegun),
            )
        output = step.output if step_change.output is None else step_change.output
        active.known[step.path] = replace(step, state=step_change.state, input=prepared.given, output=output)
        active.unsaved[step.path] = (step_change, at.kind)
        STEPS.labels(at.spec.action, type(outcome).__name__).inc()
        command = outcome.command if isinstance(outcome, Sent) else None
        if not _may_wait(active, at.spec, outcome, change):
            await self._writer.save(active.write(change, command=command))
        return change, command

    async def give_up(self, active: ActiveRun) -> tuple[RunChange, Envelope | None]:
        """Fail the current step, which ended worker after worker."""
        at = active.at_step()
        change, step = rules.apply_lost_worker(active.run, at.step, at.ways(), lease_seconds=self._lease_seconds)
        active.known[step.path] = replace(at.step, state=step.state)
        active.unsaved[step.path] = (step, at.kind)
        await self._writer.save(active.write(change))
        return change, None

    async def _prepare(self, active: ActiveRun, at: Navigator) -> _Prepared:
        """Fill in the input, the first time; commit the beginning of what may act and then crash."""
        run, spec, step = active.run, at.spec, at.step
        first = step.state == "pending"
        action = ACTIONS.get(spec.action)
        if first:
            step = replace(step, attempts=step.attempts + 1)
        if action is None:
            return _Prepared(step, fault=Failed(f"{spec.action} cannot be carried out by this version"))
        filled = Filled(step.input)
        if first:
            try:
                filled = await self._fill(run, at)
            except (TemplateFault, InvalidStepInput) as error:
                failure = error.failure if isinstance(error, InvalidStepInput) else Failed(str(error))
                return _Prepared(step, fault=failure)
            except WorkerKilled as error:
                return _Prepared(step, fault=NotBegun(str(error), killed=True))
            except NoWorker:
                return _Prepared(step, fault=NotBegun("no template worker is free", killed=False))
        given, warnings = filled.value, filled.warnings if first else None
        if not action.calls_out or run.dry:
            return _Prepared(step, given, first, warnings=warnings)
        if not first:
            step = replace(step, attempts=step.attempts + 1)
        begin = StepChange(step.path, "running", input=given if first else None, begun=True, warnings=warnings)
        requested = float((given or {}).get("timeout_seconds") or STEP_SECONDS)
        lease_seconds = max(self._lease_seconds, requested + LEASE_MARGIN_SECONDS)
        active.unsaved[step.path] = (begin, at.kind)
        await self._writer.save(active.write(RunChange("running", step.number, lease_seconds, leased=True)))
        return _Prepared(step, given, first, written=True)

    async def _call(self, run: Run, spec: StepSpec, prepared: _Prepared) -> StepOutcome:
        step = prepared.step
        began = step.started_at or run.now
        call = StepCall(
            run,
            step.path,
            prepared.given or {},
            began,
            prepared.first,
            spec.connection_id,
            step.replay_no,
            step.output,
        )
        try:
            if run.dry:
                return await trial.perform(step.action, call, self._context)
            return await ACTIONS[step.action].run(call, self._context)
        except Exception as error:
            if is_transient(error):  # ours: the run is taken up again when it is over
                raise
            log.exception("step_failed_unexpectedly", run_id=str(run.id), action=step.action)
            return Failed(clean_text(f"{step.action} ended unexpectedly: {type(error).__name__}: {error}"[:500]))

    async def _fill(self, run: Run, at: Navigator) -> Filled:
        account: Mapping[str, Any] = {}
        if names_account(at.spec):
            account = await store.find_account(self._pool, run.account_id)
        names = names_at(at.program, at.known, at.place, run=run, account=account)
        return await fill_input(self._renderer, at.spec, names, account_id=run.account_id)


def _may_wait(active: ActiveRun, spec: StepSpec, outcome: StepOutcome, change: RunChange) -> bool:
    """Whether a step's result may be committed later, with what follows it.

    The run goes on, and either the step acted nowhere, or the next one begins with no wait before its own commit.
    """
    is_plain_result = change.state == "running" and change.error is None and not change.closes
    if not is_plain_result or isinstance(outcome, Entered) or len(active.unsaved) > UNSAVED_MAX or change.path is None:
        return False
    if active.run.dry:
        return False  # its later steps read the changes of the earlier ones
    if not ACTIONS[spec.action].calls_out:
        return True
    after = active.program.spec_at(place_of(change.path))
    action = ACTIONS.get(after.action)
    return action is not None and action.calls_out and is_plain(after.input) and not names_account(after)
