"""Run automations: claim runs that are due, take them from step to step, and park them in Postgres when they wait."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from action_executor.actions import StepContext
from action_executor.runs import concurrency, places, rules, step_store, store
from action_executor.runs.failures import failure_events
from action_executor.runs.places import ConcurrencySpec, Program
from action_executor.runs.programs import ProgramCache
from action_executor.runs.records import AcceptedRuns, Run, Step, StepSpec
from action_executor.runs.save_store import RunWrite
from action_executor.runs.step_runner import ActiveRun, StepRunner
from action_executor.runs.store import NewRun, RunChange, StepChange, StepKind
from action_executor.runs.writer import Notify, RunWriter
from action_executor.settings import ExecutorSettings
from contracts.catalog import ACTIONS as CATALOG
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import RunJob
from outbox.relay import Relay
from scheduling.worker import LeasedWorker, LeaseLost
from storage.pool import Connection, Pool
from templates.filling import TemplateFault
from templates.renderer import NoWorker, Renderer, WorkerKilled

OVERDUE = Gauge("ledgerwire_run_overdue_seconds", "How long the longest overdue run has been waiting for a worker")
OLDEST = Gauge("ledgerwire_run_oldest_seconds", "The age of the oldest run that is due and not final")

AWAITED_MAX: Final = 10_000
OVERDUE_PAUSE_SECONDS: Final = 1.0  # between looks while an account has more due than may run
GATHER_SECONDS: Final = 0.01  # what wakes together is claimed together


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
        self._pool = pool
        self.renderer = Renderer()
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
            overdue_pause_seconds=OVERDUE_PAUSE_SECONDS,
            looks_after_each=False,
        )
        self.wake: Final = self.worker.wake
        self.problem: Final = self.worker.problem
        self._writer = RunWriter(pool, relay, notify=notify, on_due=self.wake)
        self._steps = StepRunner(
            pool,
            self._writer,
            self.renderer,
            context,
            schedule=settings.step_schedule_seconds,
            lease_seconds=settings.run_lease_seconds,
        )

    # What comes in

    async def accept(self, conn: Connection, runs: Sequence[tuple[Envelope, RunJob]]) -> AcceptedRuns:
        """Insert new runs in the caller's transaction, leased to this process as far as it has room.

        A loop between automations ends here, with its reason.
        """
        room = Counter(dict.fromkeys({envelope.account_id for envelope, _ in runs}, self._account_max))
        room.subtract(run.account_id for run in self.worker.in_flight)
        free, new_runs = self.worker.room, list[NewRun]()
        for envelope, job in runs:
            loops = envelope.depth >= rules.DEPTH_MAX
            leased = not loops and free > 0 and room[envelope.account_id] > 0
            free -= leased
            room[envelope.account_id] -= leased
            new_runs.append(NewRun(envelope, job, rules.LOOP if loops else None, leased))
        ours = await store.insert(conn, new_runs, lease_seconds=self._lease_seconds)
        cut = [(run.envelope.account_id, run.envelope.id) for run in new_runs if run.error is not None]
        waiting = any(run.error is None and not run.leased for run in new_runs)
        return AcceptedRuns(await failure_events(conn, cut), partial(self._begin, ours, waiting=waiting))

    def _begin(self, ours: Sequence[Run], *, waiting: bool) -> None:
        self.worker.begin(ours)
        if waiting:
            self.wake()

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
        """Claim nothing more; let running steps finish within the deadline. What is left over is claimed again."""
        await self.worker.stop(deadline_seconds)
        await self._writer.stop()
        await self.renderer.stop()

    async def _claim(self, room: int) -> list[Run]:
        known, self._answered = self._answered, set()
        running = Counter(run.account_id for run in self.worker.in_flight)
        busy = [account for account, many in running.items() if many >= self._account_max]
        return await store.claim(self._pool, known=known, not_of=busy, runs_max=room, lease_seconds=self._lease_seconds)

    async def _next_due_seconds(self) -> float | None:
        due = await store.RUNS.next_due_seconds(self._pool)
        OVERDUE.set(max(-due, 0.0) if due is not None else 0.0)
        OLDEST.set(await store.oldest_seconds(self._pool) if due is not None and due < 0 else 0.0)
        return due

    # One run

    async def _advance(self, run: Run) -> None:
        program = await self._programs.program_of(run)
        if program is None:
            await self._writer.save(RunWrite(run, RunChange("cancelled", 0, error="the automation's version is gone")))
            return
        if program.concurrency is not None and not run.admitted:
            admitted = await self._admit(run, program.concurrency)
            if admitted is None:
                return
            run = admitted
        active = await self._activate(run, program)
        take = self._steps.give_up if run.lost >= rules.LOST_MAX else self._steps.take
        while True:
            before = active.run.path
            change, command = await take(active)
            take = self._steps.take
            if change.state != "running":
                self._await_next(active.run, change, command)
                return
            active.run = replace(active.run, path=change.path or before, error=active.run.error or change.error)
            await self._load_list(active, before)

    async def _activate(self, run: Run, program: Program) -> ActiveRun:
        """The run with its steps; a new one's outermost are written with its first change."""
        is_new = run.epoch == 1 and run.definition is None  # leased for the first time: nothing can be there yet
        known = {} if is_new else await step_store.find_steps(self._pool, run.account_id, run.id, at=run.path)
        unsaved = {}
        if not known:
            for number, spec in enumerate(program.steps):
                kind = StepKind(number, spec.action, _guarantee(spec))
                known[str(number)] = Step(str(number), number, spec.action, "pending")
                unsaved[str(number)] = (StepChange(str(number), "pending"), kind)
        return ActiveRun(run, program, known, unsaved)

    async def _load_list(self, active: ActiveRun, before: str) -> None:
        """Load the data of the list that the run is in now: another list's data is let go."""
        path = active.run.path
        if places.list_of(before) == places.list_of(path) or "." not in before + path:
            return
        if active.unsaved:
            number = places.place_of(path)[0]
            await self._writer.save(active.write(RunChange("running", number, self._lease_seconds, leased=True)))
        active.known = await step_store.find_steps(self._pool, active.run.account_id, active.run.id, at=path)

    def _await_next(self, run: Run, change: RunChange, command: Envelope | None) -> None:
        """Look for the run again when it is due, or when the outcome of its command is there."""
        if change.due_in is not None:
            self.worker.wake_in(change.due_in)
        if command is not None:
            self._awaited[command.id] = (run.account_id, run.id)
            if len(self._awaited) > AWAITED_MAX:
                self._awaited.popitem(last=False)  # it is found by its due time

    async def _admit(self, run: Run, spec: ConcurrencySpec) -> Run | None:
        """Let the run go on within its automation's limit; None when it waits for its turn, or has ended."""
        key = run.queue_key
        try:
            key = key or await concurrency.queue_key(self._pool, self.renderer, run, spec)
        except (TemplateFault, WorkerKilled) as error:
            await self._writer.save(RunWrite(run, RunChange("failed", 0, error=f"concurrency.key: {error}")))
            return None
        except NoWorker:
            await self._writer.save(RunWrite(run, RunChange("waiting", 0, rules.NOT_BEGUN_SECONDS)))
            self.worker.wake_in(rules.NOT_BEGUN_SECONDS)
            return None
        admitted = await concurrency.admit(self._pool, run, key=key, limit=spec.limit)
        if admitted is None:
            raise LeaseLost
        return replace(run, queue_key=key, admitted=True) if admitted else None


def _guarantee(spec: StepSpec) -> str:
    return CATALOG[spec.action].guarantee if spec.action in CATALOG else ""
