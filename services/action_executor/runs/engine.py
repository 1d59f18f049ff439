"""Run automations: claim runs that are due, take them from step to step, and park them in Postgres when they wait."""

from __future__ import annotations

import random
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Gauge

from action_executor.actions import ACTIONS, StepContext
from action_executor.foreign_text import clean_text
from action_executor.runs import concurrency, places, rules, step_store, store, trial
from action_executor.runs.failures import failure_events
from action_executor.runs.inputs import InvalidStepInput, fill_input, names_account, names_at
from action_executor.runs.navigation import Navigator
from action_executor.runs.places import ConcurrencySpec
from action_executor.runs.programs import ProgramCache
from action_executor.runs.records import (
    Entered,
    Failed,
    NotBegun,
    Run,
    Sent,
    Step,
    StepCall,
    StepOutcome,
    StepSpec,
)
from action_executor.runs.store import NO_STEP, NewRun, RunChange, StepChange, StepKind
from action_executor.settings import LEASE_MARGIN_SECONDS, STEP_SECONDS, ExecutorSettings
from contracts.catalog import ACTIONS as CATALOG
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import RunJob
from contracts.wire.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS
from messaging.port import Outgoing
from outbox.record import record
from outbox.relay import Relay
from scheduling.worker import LeasedWorker, LeaseLost
from storage.pool import Connection, Pool
from storage.transient import is_transient
from templates.filling import Filled, TemplateFault
from templates.renderer import NoWorker, Renderer, WorkerKilled

log = structlog.get_logger(__name__)

STEPS = Metric("ledgerwire_run_steps_total", "Steps settled", ["action", "outcome"])
OVERDUE = Gauge("ledgerwire_run_overdue_seconds", "How long the longest overdue run has been waiting for a worker")
OLDEST = Gauge("ledgerwire_run_oldest_seconds", "The age of the oldest run that is due and not final")

AWAITED_MAX: Final = 10_000
OVERDUE_PAUSE_SECONDS: Final = 1.0  # between looks while an account has more due than may run
GATHER_SECONDS: Final = 0.01  # what wakes together is claimed together


Notify = Callable[[str, Sequence[bytes]], Awaitable[None]]
"""Wakes those who wait on a channel for the outcomes of these commands."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A step before its call; `written` when its beginning is committed already, `fault` when it cannot begin."""

    step: Step
    given: Mapping[str, Any] | None = None
    first: bool = False
    written: bool = False
    fault: Failed | NotBegun | None = None
    warnings: Sequence[Mapping[str, str]] | None = None


class Engine:
    """The runs of one process. Any number of processes share the work."""

    def __init__(
        self,
        pool: Pool,
        relay: Relay,
        context: StepContext,
        settings: ExecutorSettings,
        *,
        notify: Notify | None = None,
    ) -> None:
        self._pool, self._relay, self._context, self._notify = pool, relay, context, notify
        self.renderer = Renderer()
        self._schedule = settings.step_schedule_seconds
        self._lease_seconds = settings.run_lease_seconds
        self._account_max = max(1, settings.runs_at_once_max // 2)
        self._answered: set[store.Key] = set()  # runs whose outcome came
        self._awaited: OrderedDict[UUID, store.Key] = OrderedDict()  # by the command that was sent
        self._programs = ProgramCache(pool)
        self.worker = LeasedWorker(
            "claim-runs",
            pool,
            store.RUNS,
            claim=self._claim,
            handle=self._advance,
            next_due=self._next_due_seconds,
            at_once_max=settings.runs_at_once_max,
            lease_seconds=settings.run_lease_seconds,
            sweep_seconds=settings.sweep_seconds,
            gather_seconds=GATHER_SECONDS,
        )
        self.wake: Final = self.worker.wake
        self.problem: Final = self.worker.problem

    # What comes in

    async def accept(self, conn: Connection, runs: Sequence[tuple[Envelope, RunJob]]) -> list[Envelope]:
        """Insert new runs in the caller's transaction; a loop between automations ends here, with its reason.

        Return the events to publish: `run.failed` for each run that ended.
        """
        loops = {envelope.id: envelope.account_id for envelope, _ in runs if envelope.depth >= rules.DEPTH_MAX}
        new_runs = [NewRun(envelope, job, rules.LOOP if envelope.id in loops else None) for envelope, job in runs]
        await store.insert(conn, new_runs)
        return await failure_events(conn, [(account_id, run_id) for run_id, account_id in loops.items()])

    def answered(self, notify: bytes) -> None:
        """A command's outcome is there: the hint's bytes are the command's id."""
        key = self._awaited.pop(UUID(bytes=notify), None) if len(notify) == 16 else None  # noqa: PLR2004  a UUID's bytes
        if key is not None:
            self._answered.add(key)
            self.wake()

    # Life

    def start(self) -> None:
        """Begin to claim."""
        self.worker.start()

    async def stop(self, deadline_seconds: float) -> None:
        """Claim nothing more; let steps in hand finish within the deadline. What is left over is claimed again."""
        await self.worker.stop(deadline_seconds)
        await self.renderer.stop()

    async def _claim(self, room: int) -> list[Run]:
        known, self._answered = self._answered, set()
        running = Counter(run.account_id for run in self.worker.in_hand)
        busy = [account for account, many in running.items() if many >= self._account_max]
        return await store.claim(self._pool, known=known, not_of=busy, runs_max=room, lease_seconds=self._lease_seconds)

    async def _next_due_seconds(self) -> float | None:
        due = await store.RUNS.next_due_seconds(self._pool)
        OVERDUE.set(max(-due, 0.0) if due is not None else 0.0)
        OLDEST.set(await store.oldest_seconds(self._pool) if due is not None and due < 0 else 0.0)
        # Overdue ones that stay are an account's that has enough running.
        return due if due is None or due > 0 else OVERDUE_PAUSE_SECONDS

    # One run

    async def _advance(self, run: Run) -> None:
        program = await self._programs.program_of(run)
        if program is None:
            await self._save(run, RunChange("cancelled", 0, error="the automation's version is gone"), None)
            return
        if program.concurrency is not None and not run.admitted:
            admitted = await self._admit(run, program.concurrency)
            if admitted is None:
                return
            run = admitted
        known = await step_store.load_steps(
            self._pool, run, [(spec.action, _guarantee(spec)) for spec in program.steps]
        )
        place = places.place_of(run.path)
        if run.lost >= rules.LOST_MAX:
            at = Navigator(program, known, place, failing=run.error is not None)
            lost = rules.apply_lost_worker(run, at.step, at.ways(), lease_seconds=self._lease_seconds)
            await self._save(run, *lost, at.kind)
            return
        while True:
            at = Navigator(program, known, place, failing=run.error is not None)
            change = await self._take_step(run, at)
            if change.state != "running":
                return
            run = replace(run, path=change.path or run.path, error=run.error or change.error)
            place = places.place_of(run.path)
            known = await self._steps_at(run, known, at.step.path)

    async def _admit(self, run: Run, spec: ConcurrencySpec) -> Run | None:
        """Let the run go on within its automation's limit; None when it waits for its turn, or has ended."""
        key = run.queue_key
        try:
            key = key or await concurrency.queue_key(self._pool, self.renderer, run, spec)
        except (TemplateFault, WorkerKilled) as error:
            await self._save(run, RunChange("failed", 0, error=f"concurrency.key: {error}"), None)
            return None
        except NoWorker:
            await self._save(run, RunChange("waiting", 0, rules.NOT_BEGUN_SECONDS), None)
            return None
        admitted = await concurrency.admit(self._pool, run, key=key, limit=spec.limit)
        if admitted is None:
            raise LeaseLost
        return replace(run, queue_key=key, admitted=True) if admitted else None

    async def _steps_at(self, run: Run, known: dict[str, Step], before: str) -> dict[str, Step]:
        """The steps with the data of the list that the run is in now: another list's data is let go."""
        if places.list_of(before) == places.list_of(run.path) or "." not in before + run.path:
            return known
        return await step_store.find_steps(self._pool, run.account_id, run.id, at=run.path)

    async def _take_step(self, run: Run, at: Navigator) -> RunChange:
        """Prepare, call, settle one step; answer what became of the run."""
        before = at.step
        prepared = await self._prepare(run, at)
        outcome = prepared.fault or await self._call(run, at.spec, prepared)
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
        await self._settle(run, change, step_change, at.kind, outcome)
        output = step.output if step_change.output is None else step_change.output
        at.known[step.path] = replace(step, state=step_change.state, input=prepared.given, output=output)
        STEPS.labels(at.spec.action, type(outcome).__name__).inc()
        return change

    async def _prepare(self, run: Run, at: Navigator) -> _Prepared:
        """Fill the input in, the first time; write down what may act and then crash before it begins."""
        spec, step = at.spec, at.step
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
                return _Prepared(step, fault=Failed(str(error)))
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
        await self._save(run, RunChange("running", step.number, lease_seconds, leased=True), begin, at.kind)
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
        return await fill_input(self.renderer, at.spec, names, account_id=run.account_id)

    async def _settle(
        self, run: Run, change: RunChange, step: StepChange, kind: StepKind, outcome: StepOutcome
    ) -> None:
        if not isinstance(outcome, Sent):
            await self._save(run, change, step, kind)
            return
        await self._save(run, change, step, kind, command=outcome.command)
        self._awaited[outcome.command.id] = (run.account_id, run.id)
        if len(self._awaited) > AWAITED_MAX:
            self._awaited.popitem(last=False)  # it is found by its due time

    async def _save(
        self,
        run: Run,
        change: RunChange,
        step: StepChange | None,
        kind: StepKind = NO_STEP,
        *,
        command: Envelope | None = None,
    ) -> None:
        """Commit a change together with the command and the events that it brings about."""
        answers = trial.ends(run, change)
        ends_turn = run.queue_key is not None and change.state not in {"running", "waiting"}
        if command is None and change.state != "failed" and not answers and not ends_turn:
            if not await store.save(self._pool, run, change, step, kind):
                raise LeaseLost
            return
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.save(conn, run, change, step, kind):
                raise LeaseLost
            if ends_turn:
                await concurrency.wake_next(
                    conn, account_id=run.account_id, automation_id=run.automation_id, key=run.queue_key
                )
            if answers:
                await trial.keep_outcome(conn, run, change, step)
            if run.dry and command is not None:
                await trial.keep_commands(conn, run, command)
            fails = change.state == "failed" and run.definition is None
            events = await failure_events(conn, [(run.account_id, run.id)]) if fails else []
            sent = [] if command is None else [Outgoing(command.id, LEDGER_COMMANDS.name, command.encode())]
            published = [*sent, *(Outgoing(one.id, DISPATCHER_EVENTS.name, one.encode()) for one in events)]
            await record(conn, schema="execution", messages=published)
        self._relay.push(published)
        if ends_turn:
            self.wake()
        if answers and run.reply_to is not None and self._notify is not None:
            await self._notify(run.reply_to, [run.id.bytes])


def _guarantee(spec: StepSpec) -> str:
    return CATALOG[spec.action].guarantee if spec.action in CATALOG else ""
