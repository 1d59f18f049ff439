"""Keep runs and steps in Postgres: claim what is due, and commit a step's result with what becomes of its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from action_executor.jobs import RunJob
from action_executor.runs.records import Run, RunState, Step, StepSpec, StepState
from contracts.resources.account import template_account
from contracts.resources.automation import StepRetry
from contracts.wire.envelope import Envelope
from scheduling.leases import LeaseTable
from storage.pool import Connection, Pool

Key = tuple[UUID, UUID]
"""(account id, run id)"""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to insert; `error` when it is refused at once."""

    envelope: Envelope
    job: RunJob
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RunChange:
    """What becomes of the run. `due_in` seconds for one that goes on; `leased` while this process keeps it."""

    state: RunState
    step_no: int
    due_in: float | None = None
    leased: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StepChange:
    """What becomes of a step. None of `input`, `output` and `warnings` leaves them.

    `begun` counts an attempt, `template_killed` a worker that its templates ended.
    """

    number: int
    state: StepState
    input: Any = None
    output: Any = None
    error: str | None = None
    begun: bool = False
    warnings: Sequence[Mapping[str, str]] | None = None
    template_killed: bool = False


_INSERT = """
INSERT INTO execution.run (account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
                           state, due_at, error, finished_at)
SELECT account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
       CASE WHEN error IS NULL THEN 'running' ELSE 'failed' END,
       CASE WHEN error IS NULL THEN now() END,
       error,
       CASE WHEN error IS NOT NULL THEN now() END
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::text[], $8::bytea[],
              $9::int[], $10::text[])
    AS r(account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth, error)
    ON CONFLICT DO NOTHING
"""


async def insert(conn: Connection, runs: Sequence[NewRun]) -> None:
    """Insert runs, due now."""
    await conn.execute(
        _INSERT,
        [run.envelope.account_id for run in runs],
        [run.envelope.id for run in runs],
        [run.job.automation_id for run in runs],
        [run.job.version for run in runs],
        [run.job.event_id for run in runs],
        [run.envelope.correlation_id for run in runs],
        [run.job.trigger for run in runs],
        [run.job.body.encode() for run in runs],
        [run.envelope.depth for run in runs],
        [run.error for run in runs],
    )


RUNS: Final = LeaseTable("execution.run")
_RUN_COLUMNS: Final = ("automation_id", "version", "event_id", "correlation_id", "body", "depth", "step_no", "reply_to")
_PICK_DUE: Final = """
SELECT account_id, id FROM execution.run
 WHERE due_at <= now() AND account_id <> ALL($2::uuid[]) ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_PICK_KNOWN: Final = """
SELECT r.account_id, r.id FROM unnest($2::uuid[], $3::uuid[]) AS k(account_id, id)
  JOIN execution.run r ON r.account_id = k.account_id AND r.id = k.id
 WHERE r.state = 'waiting' AND NOT r.leased FOR UPDATE OF r SKIP LOCKED
"""


async def claim(
    pool: Pool, *, known: Iterable[Key], not_of: Iterable[UUID], runs_max: int, lease_seconds: float
) -> list[Run]:
    """Lease runs: those `known` to have got their answer, then the longest due ones but of some accounts."""
    rows: list[Record] = []
    claim = partial(RUNS.claim, pool, columns=_RUN_COLUMNS, lease_seconds=lease_seconds)
    if keys := sorted(known)[:runs_max]:
        rows += await claim(pick=_PICK_KNOWN, args=[[key[0] for key in keys], [key[1] for key in keys]])
    if len(rows) < runs_max:
        rows += await claim(pick=_PICK_DUE, args=[list(not_of), runs_max - len(rows)])
    return [
        Run(
            account_id=row["account_id"],
            id=row["id"],
            automation_id=row["automation_id"],
            version=row["version"],
            event_id=row["event_id"],
            correlation_id=row["correlation_id"],
            body=row["body"],
            depth=row["depth"],
            step_no=row["step_no"],
            epoch=row["lease_epoch"],
            lost=row["lost_workers"],
            now=row["now"],
            reply_to=row["reply_to"],
        )
        for row in rows
    ]


async def oldest_seconds(pool: Pool) -> float:
    """The age of the oldest run that is not final and not merely waiting for its time; 0 when there is none."""
    found: float | None = await pool.fetchval(
        "SELECT extract(epoch FROM now() - min(created_at))::float8 FROM execution.run WHERE due_at <= now()"
    )
    return found or 0.0


_DEFINITION = """
SELECT definition FROM dispatch_api.automation_version WHERE account_id = $1 AND automation_id = $2 AND version = $3
"""


async def find_specs(
    conn: Connection | Pool, account_id: UUID, automation_id: UUID, version: int
) -> list[StepSpec] | None:
    """The steps of a version of an automation; None when there is no such version."""
    definition = await conn.fetchval(_DEFINITION, account_id, automation_id, version)
    if definition is None:
        return None
    return [
        StepSpec(
            action=step["action"],
            input=step.get("input") or {},
            connection_id=UUID(step["connection_id"]) if step.get("connection_id") else None,
            continue_on_error=bool(step.get("continue_on_error")),
            retry_seconds=StepRetry.model_validate(step["retry"]).schedule_seconds() if step.get("retry") else None,
        )
        for step in definition["steps"]
    ]


_ACCOUNT = """
SELECT account_id, name, currency, locale, time_zone, default_pay_term, profile
  FROM ingress_api.account WHERE account_id = $1
"""


async def find_account(conn: Connection | Pool, account_id: UUID) -> dict[str, Any]:
    """What templates may say of the account, see `contracts.resources.account`."""
    row = await conn.fetchrow(_ACCOUNT, account_id)
    return template_account(dict(row)) if row else {"id": str(account_id)}


_STEPS = """
SELECT number, action, state, input, output, attempts, started_at, template_kills, replay_no
  FROM execution.step WHERE account_id = $1 AND run_id = $2 ORDER BY number
"""

_INSERT_STEPS = """
INSERT INTO execution.step (account_id, run_id, number, action, guarantee, state)
SELECT $1, $2, number, action, guarantee, 'pending'
  FROM unnest($3::int[], $4::text[], $5::text[]) AS s(number, action, guarantee) ON CONFLICT DO NOTHING
"""


async def find_steps(conn: Connection | Pool, account_id: UUID, run_id: UUID) -> list[Step]:
    """Return the steps of a run in order; none before its first claim."""
    return [Step(**dict(row)) for row in await conn.fetch(_STEPS, account_id, run_id)]


async def load_steps(pool: Pool, run: Run, specs: Sequence[tuple[str, str]]) -> list[Step]:
    """The steps of a run in order, made from (action, guarantee) when it is new."""
    steps = await find_steps(pool, run.account_id, run.id)
    if not steps:
        actions, guarantees = [spec[0] for spec in specs], [spec[1] for spec in specs]
        await pool.execute(_INSERT_STEPS, run.account_id, run.id, list(range(len(specs))), actions, guarantees)
        steps = await find_steps(pool, run.account_id, run.id)
    return steps


_SAVE = """
WITH run AS (
    UPDATE execution.run
       SET state = $4, step_no = $5, due_at = now() + make_interval(secs => $6::float8), leased = $7, error = $8,
           lost_workers = CASE WHEN $7 AND $14 THEN lost_workers ELSE 0 END,
           finished_at = CASE WHEN $4 NOT IN ('running', 'waiting') THEN now() END
     WHERE account_id = $1 AND id = $2 AND lease_epoch = $3 AND leased
    RETURNING account_id, id, state
), saved AS (
    UPDATE execution.step s
       SET state = $10, input = coalesce($11::jsonb, s.input), output = coalesce($12::jsonb, s.output), error = $13,
           attempts = s.attempts + $14::boolean::int, warnings = coalesce($15::jsonb, s.warnings),
           template_kills = s.template_kills + $16::boolean::int,
           started_at = coalesce(s.started_at, CASE WHEN $10 <> 'pending' THEN now() END),
           finished_at = CASE WHEN $10 IN ('succeeded', 'skipped', 'failed') THEN now() END
      FROM run r WHERE s.account_id = r.account_id AND s.run_id = r.id AND s.number = $9
), skipped AS (
    UPDATE execution.step s SET state = 'skipped'
      FROM run r
     WHERE s.account_id = r.account_id AND s.run_id = r.id AND s.number > coalesce($9, -1) AND s.state = 'pending'
       AND r.state IN ('filtered', 'failed', 'cancelled')
)
SELECT count(*) FROM run
"""


async def save(conn: Connection | Pool, run: Run, change: RunChange, step: StepChange | None) -> bool:
    """Commit a step's change and its run's; False when the lease is somebody else's by now and nothing changed."""
    written = await conn.fetchval(
        _SAVE,
        run.account_id,
        run.id,
        run.epoch,
        change.state,
        change.step_no,
        change.due_in,
        change.leased,
        _storable_text(change.error),
        step.number if step else None,
        step.state if step else None,
        _storable(step.input) if step else None,
        _storable(step.output) if step else None,
        _storable_text(step.error) if step else None,
        step is not None and step.begun,
        list(step.warnings) if step and step.warnings is not None else None,
        step is not None and step.template_killed,
    )
    return bool(written)


def _storable(value: Any) -> Any:
    """Take U+0000 out of a JSON value, which Postgres cannot keep."""
    if value is None or b"\\u0000" not in orjson.dumps(value):
        return value
    match value:
        case str():
            return _storable_text(value)
        case list():
            return [_storable(part) for part in value]
        case dict():
            return {str(_storable_text(name)): _storable(part) for name, part in value.items()}
        case _:
            return value


def _storable_text(text: str | None) -> str | None:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}") if text else text
