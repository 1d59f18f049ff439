"""Write changes of many runs and their steps to Postgres, each fenced by its run's lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from action_executor.runs.records import Run
from action_executor.runs.store import Key, RunChange, StepChange, StepKind
from contracts.wire.envelope import Envelope
from storage.pool import Connection, Pool

LEASE_SHARE_KEPT: Final = 0.75  # a lease with this much left is not extended: an unchanged due_at is a cheaper update


@dataclass(frozen=True, slots=True)
class RunWrite:
    """Changes of one run that are committed together: the run's own, and those of its steps, each path once.

    `command` is published with the commit. `leaves_pending`: steps may be left that were never begun.
    """

    run: Run
    change: RunChange
    steps: Sequence[tuple[StepChange, StepKind]] = ()
    command: Envelope | None = None
    leaves_pending: bool = True

    @property
    def key(self) -> Key:
        """The run's key."""
        return self.run.account_id, self.run.id

    @property
    def ends(self) -> bool:
        """Whether the run is final with it."""
        return self.change.state not in {"running", "waiting"}

    @property
    def takes_one_statement(self) -> bool:
        """Whether nothing has to follow the change of the run and of its steps."""
        return not (self.change.closes or (self.ends and self.leaves_pending))


_SAVE: Final = """
WITH run AS (
    UPDATE execution.run r
       SET state = c.state, step_no = c.step_no, leased = c.leased, error = coalesce(r.error, c.error),
           due_at = CASE WHEN c.leased AND r.due_at > now() + make_interval(secs => c.due_in * $23) THEN r.due_at
                         ELSE now() + make_interval(secs => c.due_in) END,
           step_path = c.step_path, lost_workers = CASE WHEN c.leased AND c.begins THEN r.lost_workers ELSE 0 END,
           finished_at = CASE WHEN c.state NOT IN ('running', 'waiting') THEN now() END
      FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::float8[], $7::bool[], $8::text[],
                  $9::text[], $10::bool[])
        AS c(account_id, id, epoch, state, step_no, due_in, leased, error, step_path, begins)
     WHERE r.account_id = c.account_id AND r.id = c.id AND r.lease_epoch = c.epoch AND r.leased
    RETURNING r.account_id, r.id
), saved AS (
    INSERT INTO execution.step AS s (account_id, run_id, path, number, action, guarantee, state, input, output, error,
                                     attempts, warnings, template_kills, started_at, finished_at)
    SELECT r.account_id, r.id, c.path, c.number, c.action, c.guarantee, c.state, c.input::jsonb, c.output::jsonb,
           c.error, c.attempts, coalesce(c.warnings::jsonb, '[]'), c.template_kills,
           CASE WHEN c.state <> 'pending' THEN now() END,
           CASE WHEN c.state IN ('succeeded', 'skipped', 'failed') THEN now() END
      FROM run r
      JOIN unnest($11::uuid[], $12::text[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[],
                  $18::text[], $19::text[], $20::int[], $21::text[], $22::int[])
        AS c(run_id, path, number, action, guarantee, state, input, output, error, attempts, warnings, template_kills)
        ON c.run_id = r.id
    ON CONFLICT (account_id, run_id, path) DO UPDATE
       SET state = excluded.state, input = coalesce(excluded.input, s.input),
           output = coalesce(excluded.output, s.output), error = excluded.error,
           attempts = s.attempts + excluded.attempts,
           warnings = CASE WHEN excluded.warnings = '[]' THEN s.warnings ELSE excluded.warnings END,
           template_kills = s.template_kills + excluded.template_kills,
           started_at = coalesce(s.started_at, excluded.started_at), finished_at = excluded.finished_at
)
SELECT account_id, id FROM run
"""

_CLOSE: Final = """
UPDATE execution.step s SET state = 'failed', error = 'step ' || c.by || ' inside failed', finished_at = now()
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS c(account_id, run_id, path, by)
 WHERE s.account_id = c.account_id AND s.run_id = c.run_id AND s.path = c.path
"""
_SKIP: Final = """
UPDATE execution.step s SET state = 'skipped'
  FROM unnest($1::uuid[], $2::uuid[]) AS r(account_id, run_id)
 WHERE s.account_id = r.account_id AND s.run_id = r.run_id AND s.state = 'pending'
"""


async def save(conn: Connection | Pool, writes: Sequence[RunWrite]) -> set[Key]:
    """Write what needs one statement alone; return the runs that were still held, which are the ones that changed.

    In the order of their keys, as renewals of leases are: two of them never deadlock.
    """
    ordered = sorted(writes, key=lambda write: write.key)
    steps = [(write, step, kind) for write in ordered for step, kind in write.steps]
    rows = await conn.fetch(
        _SAVE,
        [write.run.account_id for write in ordered],
        [write.run.id for write in ordered],
        [write.run.epoch for write in ordered],
        [write.change.state for write in ordered],
        [write.change.step_no for write in ordered],
        [write.change.due_in for write in ordered],
        [write.change.leased for write in ordered],
        [_storable_text(write.change.error) for write in ordered],
        [write.change.path or write.run.path for write in ordered],
        [any(step.begun for step, _ in write.steps) for write in ordered],
        [write.run.id for write, _, _ in steps],
        [step.path for _, step, _ in steps],
        [kind.number for _, _, kind in steps],
        [kind.action for _, _, kind in steps],
        [kind.guarantee for _, _, kind in steps],
        [step.state for _, step, _ in steps],
        [_json(step.input) for _, step, _ in steps],
        [_json(step.output) for _, step, _ in steps],
        [_storable_text(step.error) for _, step, _ in steps],
        [int(step.begun) for _, step, _ in steps],
        [_json(step.warnings) for _, step, _ in steps],
        [int(step.template_killed) for _, step, _ in steps],
        LEASE_SHARE_KEPT,
    )
    return {(row["account_id"], row["id"]) for row in rows}


async def follow_up(conn: Connection, writes: Sequence[RunWrite]) -> None:
    """Write what follows in the same transaction: containers that failed with a step, steps that were never begun."""
    closed = [(*write.key, path, write.steps[-1][0].path) for write in writes for path in write.change.closes]
    if closed:
        await conn.execute(_CLOSE, *map(list, zip(*closed, strict=True)))
    if ended := [write.key for write in writes if write.ends and write.leaves_pending]:
        await conn.execute(_SKIP, *map(list, zip(*ended, strict=True)))


def _json(value: Any) -> str | None:
    # As text: asyncpg reads a list inside an array as a further dimension of it.
    return None if value is None else orjson.dumps(_storable(value)).decode()


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
