"""What a run is while it is worked on: frozen records between the store, the engine and the actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from contracts.primitives.ids import derive_id
from contracts.primitives.problem import FieldError
from contracts.wire.envelope import Envelope
from scheduling.leases import Lease

RunState = Literal["running", "waiting", "succeeded", "filtered", "failed", "cancelled"]
StepState = Literal["pending", "running", "waiting", "succeeded", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run leased to this process, at the step named by `path`.

    `now` is Postgres's time at the claim; `lost` counts workers that died with it. `error` is why it fails, while the
    steps for that are taken.
    """

    account_id: UUID
    id: UUID
    automation_id: UUID | None  # None: an action that was called by itself, see `runs.single`
    version: int
    event_id: UUID
    correlation_id: UUID
    body: bytes
    depth: int
    path: str
    error: str | None
    epoch: int
    lost: int
    now: datetime
    queue_key: str | None = None  # of the runs that it shares a limit with
    admitted: bool = False  # it is among those under way
    definition: Mapping[str, Any] | None = None  # of a trial, see `runs.trial`
    dry: bool = False
    dry_commands: Sequence[Mapping[str, Any]] = ()
    reply_to: str | None = None  # who waits for the end of an action that was called by itself

    @property
    def lease(self) -> Lease:
        """The lease under which this process has it."""
        return Lease(self.account_id, self.id, self.epoch)

    def command_id(self, path: str, replay_no: int = 0) -> UUID:
        """The id of a step's effect: the same each time it is tried, until a replay gives it a new one."""
        return derive_id(self.id, f"step-{path}-replay-{replay_no}" if replay_no else f"step-{path}")


@dataclass(frozen=True, slots=True)
class AcceptedRuns:
    """Runs inserted in a transaction: the events to publish with it, and what to call once it is committed."""

    events: Sequence[Envelope]
    begin: Callable[[], None]


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A step as the automation's version has it; `lists` are the branches of a `branch`, or a `for_each`'s one list."""

    action: str
    input: Mapping[str, Any]
    connection_id: UUID | None
    continue_on_error: bool
    retry_seconds: tuple[float, ...] | None = None  # pauses of its own, else the installation's
    lists: tuple[tuple[StepSpec, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it stands; `number` is its own or its outermost container's. `attempts` counts how often it was begun.

    Of a step in another list than the current one, input and output are not loaded.
    """

    path: str
    number: int
    action: str
    state: StepState
    input: Any = None
    output: Any = None
    attempts: int = 0
    started_at: datetime | None = None
    template_kills: int = 0  # workers that its templates ended
    replay_no: int = 0  # the replay that gave its effect a new id


@dataclass(frozen=True, slots=True)
class StepCall:
    """What an action is given: its run, its path, its checked input as plain JSON, and its output so far."""

    run: Run
    path: str
    input: Mapping[str, Any]
    started_at: datetime
    first: bool  # not begun before
    connection_id: UUID | None = None
    replay_no: int = 0
    output: Any = None
    part: str = ""  # of several effects of one step, which

    @property
    def command_id(self) -> UUID:
        """The id of this step's effect."""
        own = self.run.command_id(self.path, self.replay_no)
        return derive_id(own, self.part) if self.part else own


def replace_input(call: StepCall, given: Mapping[str, Any], *, part: str = "") -> StepCall:
    """The same step with another input, for an action that stands on another one."""
    return replace(call, input=given, part=part)


@dataclass(frozen=True, slots=True)
class Done:
    """The step succeeded."""

    output: Any


@dataclass(frozen=True, slots=True)
class Entered:
    """The step has steps of its own, of which those in the list `into`, such as `branches.1`, are next."""

    into: str
    output: Any


@dataclass(frozen=True, slots=True)
class Filtered:
    """The run, or the item of a `for_each` around the step, ends here as wished."""

    output: Any


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `seconds` have gone by; `for_answer` when the step has acted and its answer is to come."""

    seconds: float
    for_answer: bool = False
    output: Any = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A command to our own ledger, to be published with the step's commit; its outcome is waited for."""

    command: Envelope
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The step failed: for good, or (`retryable`) to be tried again, at the earliest in `seconds`.

    `code` and `status` are those of the problem that an action called by itself answers; `faults` name the fields of
    its input that are wrong.
    """

    reason: str
    retryable: bool = False
    seconds: float = 0.0
    output: Any = None
    code: str = "action_failed"
    status: int = 422
    faults: Sequence[FieldError] = ()


def wrong_input(path: str, message: str, *, retryable: bool = False) -> Failed:
    """The step failed because of a field of its input; `path` starts below `input`."""
    return wrong_inputs([FieldError(path, message)], retryable=retryable)


def wrong_inputs(faults: Sequence[FieldError], *, more: Sequence[str] = (), retryable: bool = False) -> Failed:
    """The step failed because of these fields of its input; `more` says what led to it."""
    reason = "; ".join([*(f"input.{fault.path}: {fault.message}" for fault in faults), *more])
    return Failed(reason, retryable, code="invalid_input", faults=faults)


@dataclass(frozen=True, slots=True)
class Declined:
    """A person said no: the run ends as cancelled, and nothing counts as failed."""

    reason: str
    output: Any


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The step's input could not be filled in yet, and why; `killed` when its templates ended their worker."""

    reason: str
    killed: bool


StepOutcome: TypeAlias = Declined | Done | Entered | Filtered | Wait | Sent | Failed | NotBegun
