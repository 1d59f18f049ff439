"""Keep runs and steps in Postgres: claim what is due, and commit a step's result with what becomes of its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from action_executor.runs.definitions import read_program
from action_executor.runs.places import Program
from action_executor.runs.records import Run, RunState, StepState
from contracts.resources.account import template_account
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import RunJob
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
    """What becomes of the run. `due_in` seconds for one that goes on; `leased` while this process keeps it.

    `path` is the step to take next, None for the one in hand; `closes` are containers that failed with it. Of several
    errors the first one stays.
    """

    state: RunState
    step_no: int
    due_in: float | None = None
    leased: bool = False
    error: str | None = None
    path: str | None = None
    closes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepChange:
    """What becomes of a step. None of `input`, `output` and `warnings` leaves them.

    `begun` counts an attempt, `template_killed` a worker that its templates ended.
    """

    path: str
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
_RUN_COLUMNS: Final = (
    "automation_id", "version", "event_id", "correlation_id", "body", "depth", "step_path", "error", "queue_key",
    "admitted", "definition", "dry", "dry_commands", "reply_to",
)  # fmt: skip
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
            path=row["step_path"],
            error=row["error"],
            queue_key=row["queue_key"],
            admitted=row["admitted"],
            definition=row["definition"],
            dry=row["dry"],
            dry_commands=row["dry_commands"],
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


async def find_program(conn: Connection | Pool, account_id: UUID, automation_id: UUID, version: int) -> Program | None:
    """The steps of a version of an automation; None when there is no such version."""
    definition = await conn.fetchval(_DEFINITION, account_id, automation_id, version)
    return None if definition is None else read_program(definition)


_ACCOUNT = """
SELECT account_id, name, currency, locale, time_zone, default_pay_term, profile
  FROM ingress_api.account WHERE account_id = $1
"""


async def find_account(conn: Connection | Pool, account_id: UUID) -> dict[str, Any]:
    """What templates may say of the account, see `contracts.resources.account`."""
    row = await conn.fetchrow(_ACCOUNT, account_id)
    return template_account(dict(row)) if row else {"id": str(account_id)}


@dataclass(frozen=True, slots=True)
class StepKind:
    """What a step's row says of it from the beginning."""

    number: int
    action: str
    guarantee: str


NO_STEP: Final = StepKind(0, "", "")

_SAVE = """
WITH run AS (
    UPDATE execution.run
       SET state = $4, step_no = $5, due_at = now() + make_interval(secs => $6::float8), leased = $7,
           error = coalesce(error, $8), step_path = coalesce($17::text, step_path),
           lost_workers = CASE WHEN $7 AND $14 THEN lost_workers ELSE 0 END,
           finished_at = CASE WHEN $4 NOT IN ('running', 'waiting') THEN now() END
     WHERE account_id = $1 AND id = $2 AND lease_epoch = $3 AND leased
    RETURNING account_id, id, state
), saved AS (
    INSERT INTO execution.step AS s (account_id, run_id, path, number, action, guarantee, state, input, output, error,
                                     attempts, warnings, template_kills, started_at, finished_at)
    SELECT r.account_id, r.id, $9::text, $18::int, $19::text, $20::text, $10::text, $11::jsonb, $12::jsonb, $13::text,
           $14::boolean::int,
 coalesce($15::jsonb, '[]'), $16::boolean::int, CASE WHEN $10 <> 'pending' THEN now() END,
           CASE WHEN $10 IN ('succeeded', 'skipped', 'failed') THEN now() END
      FROM run r WHERE $9::text IS NOT NULL
    ON CONFLICT (account_id, run_id, path) DO UPDATE
       SET state = excluded.state, input = coalesce(excluded.input, s.input),
           output = coalesce(excluded.output, s.output), error = excluded.error,
           attempts = s.attempts + excluded.attempts, warnings = coalesce($15::jsonb, s.warnings),
           template_kills = s.template_kills + excluded.template_kills,
           started_at = coalesce(s.started_at, excluded.started_at), finished_at = excluded.finished_at
), closed AS (
    UPDATE execution.step s
       SET state = 'failed', error = 'step ' || $9::text || ' inside failed', finished_at = now()
      FROM run r WHERE s.account_id = r.account_id AND s.run_id = r.id AND s.path = ANY($21::text[])
), skipped AS (
    UPDATE execution.step s SET state = 'skipped'
      FROM run r
     WHERE s.account_id = r.account_id AND s.run_id = r.id AND s.path IS DISTINCT FROM $9::text AND s.state = 'pending'
       AND r.state NOT IN ('running', 'waiting')
)
SELECT count(*) FROM run
"""


async def save(
    conn: Connection | Pool, run: Run, change: RunChange, step: StepChange | None, kind: StepKind = NO_STEP
) -> bool:
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
        step.path if step else None,
        step.state if step else None,
        _storable(step.input) if step else None,
        _storable(step.output) if step else None,
        _storable_text(step.error) if step else None,
        step is not None and step.begun,
        list(step.warnings) if step and step.warnings is not None else None,
        step is not None and step.template_killed,
        change.path,
        kind.number,
        kind.action,
        kind.guarantee,
        list(change.closes),
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
