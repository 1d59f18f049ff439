"""Keep runs in Postgres: insert and claim them, and read what their steps need. `save_store` writes their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from action_executor.runs.definitions import read_program
from action_executor.runs.places import Program
from action_executor.runs.records import Failed, Run, RunState, StepState
from contracts.resources.account import template_account
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import RunJob
from scheduling.leases import LeaseTable
from storage.pool import Connection, Pool

Key = tuple[UUID, UUID]
"""(account id, run id)"""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to insert: leased to this process or due now; with an `error` it has failed at once."""

    envelope: Envelope
    job: RunJob
    error: str | None = None
    leased: bool = False


@dataclass(frozen=True, slots=True)
class RunChange:
    """What becomes of the run. `due_in` seconds for one that goes on; `leased` while this process keeps it.

    `path` is the step to take next, None for the current one; `closes` are containers that failed with it. Of several
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

    `begun` counts an attempt, `template_killed` a worker that its templates ended. `failure` is what `error` says.
    """

    path: str
    state: StepState
    input: Any = None
    output: Any = None
    error: str | None = None
    begun: bool = False
    warnings: Sequence[Mapping[str, str]] | None = None
    template_killed: bool = False
    failure: Failed | None = None


_INSERT = """
WITH inserted AS (
    INSERT INTO execution.run (account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
                               state, due_at, leased, lease_epoch, error, finished_at)
    SELECT account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
           CASE WHEN error IS NULL THEN 'running' ELSE 'failed' END,
           CASE WHEN error IS NULL THEN now() + make_interval(secs => CASE WHEN leased THEN $12::float8 ELSE 0 END) END,
           leased, leased::int, error, CASE WHEN error IS NOT NULL THEN now() END
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::text[], $8::bytea[],
                  $9::int[], $10::text[], $11::bool[])
        AS r(account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth, error, leased)
        ON CONFLICT DO NOTHING
    RETURNING account_id, id, leased)
SELECT account_id, id, now() AS now FROM inserted WHERE leased
"""


async def insert(conn: Connection, runs: Sequence[NewRun], *, lease_seconds: float) -> list[Run]:
    """Insert runs; return those that are leased to this process now."""
    rows = await conn.fetch(
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
        [run.leased for run in runs],
        lease_seconds,
    )
    inserted = {(row["account_id"], row["id"]): row["now"] for row in rows}
    return [
        Run(
            account_id=key[0],
            id=key[1],
            automation_id=run.job.automation_id,
            version=run.job.version,
            event_id=run.job.event_id,
            correlation_id=run.envelope.correlation_id,
            body=run.job.body.encode(),
            depth=run.envelope.depth,
            path="0",
            error=None,
            epoch=1,
            lost=0,
            now=inserted[key],
        )
        for run in runs
        if (key := (run.envelope.account_id, run.envelope.id)) in inserted
    ]


RUNS: Final = LeaseTable("execution.run")
_RUN_COLUMNS: Final = (
    "automation_id", "version", "event_id", "correlation_id", "body", "depth", "step_path", "error", "queue_key",
    "admitted", "definition", "dry", "dry_commands", "reply_to",
)  # fmt: skip
_PICK_DUE: Final = """
SELECT account_id, id FROM execution.run WHERE due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
# Each account with an unfinished run is found by one step in the index: what is due of those left out is not read.
_PICK_OF_OTHERS: Final = """
WITH RECURSIVE unfinished AS (
    (SELECT account_id FROM execution.run WHERE due_at IS NOT NULL ORDER BY account_id LIMIT 1)
    UNION ALL
    SELECT next.account_id FROM unfinished u CROSS JOIN LATERAL (
        SELECT account_id FROM execution.run
         WHERE due_at IS NOT NULL AND account_id > u.account_id ORDER BY account_id LIMIT 1) next
), due AS (
    SELECT oldest.account_id, oldest.id FROM unfinished u CROSS JOIN LATERAL (
        SELECT r.account_id, r.id, r.due_at FROM execution.run r
         WHERE r.account_id = u.account_id AND r.due_at <= now() ORDER BY r.due_at LIMIT $2) oldest
     WHERE u.account_id <> ALL($3::uuid[]) ORDER BY oldest.due_at LIMIT $2
)
SELECT r.account_id, r.id FROM due d JOIN execution.run r ON r.account_id = d.account_id AND r.id = d.id
 WHERE r.due_at <= now() FOR UPDATE OF r SKIP LOCKED
"""
_PICK_KNOWN: Final = """
SELECT r.account_id, r.id FROM unnest($2::uuid[], $3::uuid[]) AS k(account_id, id)
  JOIN execution.run r ON r.account_id = k.account_id AND r.id = k.id
 WHERE r.state = 'waiting' AND NOT r.leased FOR UPDATE OF r SKIP LOCKED
"""


async def claim(
    pool: Pool | Connection, *, known: Iterable[Key], not_of: Sequence[UUID], runs_max: int, lease_seconds: float
) -> list[Run]:
    """Lease runs: those `known` to have got their answer, then the longest due ones but of some accounts."""
    rows: list[Record] = []
    claim = partial(RUNS.claim, pool, columns=_RUN_COLUMNS, lease_seconds=lease_seconds)
    if keys := sorted(known)[:runs_max]:
        rows += await claim(pick=_PICK_KNOWN, args=[[key[0] for key in keys], [key[1] for key in keys]])
    if len(rows) < runs_max:
        many = runs_max - len(rows)
        left = claim(pick=_PICK_OF_OTHERS, args=[many, not_of]) if not_of else claim(pick=_PICK_DUE, args=[many])
        rows += await left
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
