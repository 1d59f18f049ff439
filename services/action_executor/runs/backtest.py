"""Say how often an automation would have run on the events of the last days, and how the published one differs.

The log is looked through in slices, each a command of its own with the counts so far, so that no command takes long and
nothing but counts is kept in memory.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from asyncpg import Record
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from action_executor.actions.flow import passes as holds
from action_executor.refusals import invalid
from action_executor.runs.store import find_account
from contracts.filters import conditions_of, passes
from contracts.primitives.problem import field_errors
from contracts.resources.schemas import Model
from contracts.wire.commands import BACKTEST
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection
from templates.filling import TemplateFault
from templates.renderer import NoWorker, Renderer, WorkerKilled

SLICE_EVENTS_MAX: Final = 1_000  # of one command
SLICE_BYTES_MAX: Final = 8 * 1024 * 1024  # of their bodies
SLICE_SECONDS_MAX: Final = 2.0  # of one command: others of the account wait behind it
EVENTS_MAX: Final = 200_000  # of one backtest: what is older is left out, and said
EXAMPLES_MAX: Final = 20  # enough to see why two versions differ
DAYS_MAX: Final = 90  # of the log, which may be kept for less

Verdict = Literal["run", "filter", "fail"]


class Counts(BaseModel):
    """What was counted so far."""

    model_config = ConfigDict(extra="forbid")

    events: int = 0
    would_run: int = 0
    would_filter: int = 0
    would_fail: int = 0
    per_day: dict[str, dict[str, int]] = Field(default_factory=dict)
    only_here: int = 0
    only_published: int = 0
    examples: list[dict[str, Any]] = Field(default_factory=list)


class Backtest(Model):
    """The data of `backtest`; the last fields are set by ourselves where it goes on."""

    automation_id: UUID
    days: int = Field(ge=1, le=DAYS_MAX)
    version: int | None = None
    definition: dict[str, Any]
    published: dict[str, Any] | None = None
    since: datetime | None = None
    after: UUID | None = None
    origin: UUID | None = None
    counts: Counts = Field(default_factory=Counts)


_EVENTS: Final = """
SELECT event_id, trigger, at, body, found FROM (
       SELECT event_id, trigger, at, body, sum(octet_length(body)) OVER (ORDER BY event_id) AS bytes,
              row_number() OVER (ORDER BY event_id) AS place, count(*) OVER () AS found
         FROM (SELECT event_id, trigger, at, body FROM dispatch_api.event
                WHERE account_id = $1 AND trigger = ANY($2::text[]) AND event_id > $3 ORDER BY event_id LIMIT $4) e
       ) f
 WHERE bytes <= $5 OR place = 1 ORDER BY event_id
"""


async def backtest(conn: Connection, command: Envelope, renderer: Renderer) -> CommandResult | Envelope:
    """Look through a slice: the outcome, or the command that goes on."""
    try:
        requested = Backtest.model_validate(command.data)
    except ValidationError as error:
        return invalid(field_errors(error))
    since = requested.since or command.at - timedelta(days=requested.days)
    after = requested.after or UUID(int=int(since.timestamp() * 1000) << 80)
    tested = [requested.definition] + ([requested.published] if requested.published else [])
    triggers = sorted({one["trigger"]["key"] for one in tested})
    rows = await conn.fetch(_EVENTS, command.account_id, triggers, after, SLICE_EVENTS_MAX, SLICE_BYTES_MAX)
    account = await find_account(conn, command.account_id)
    ends, counts, last = time.monotonic() + SLICE_SECONDS_MAX, requested.counts, None
    for row in rows:
        await _count(row, requested, counts, renderer, command.account_id, account)
        last = row["event_id"]
        if time.monotonic() > ends:
            break
    is_last = not rows or (len(rows) == rows[0]["found"] < SLICE_EVENTS_MAX and last == rows[-1]["event_id"])
    if is_last or counts.events >= EVENTS_MAX:
        return CommandResult(200, _result(requested, counts, truncated=not is_last))
    data = requested.model_dump(mode="json") | {
        "since": since.isoformat(),
        "after": str(last),
        "origin": str(requested.origin or command.id),
        "counts": counts.model_dump(mode="json"),
    }
    return command.follow(BACKTEST, data).model_copy(update={"reply_to": command.reply_to})


async def _count(
    row: Record, requested: Backtest, counts: Counts, renderer: Renderer, account_id: UUID, account: Mapping[str, Any]
) -> None:
    event = orjson.loads(row["body"])
    names = {"trigger": event, "account": account}
    here = await _verdict(requested.definition, row["trigger"], names, renderer, account_id)
    if here is not None:
        zone = ZoneInfo(account.get("time_zone", "UTC"))
        day = counts.per_day.setdefault(
            row["at"].astimezone(zone).date().isoformat(), {"events": 0, "would_run": 0, "would_filter": 0}
        )
        counts.events += 1
        counts.would_run += here == "run"
        counts.would_filter += here == "filter"
        counts.would_fail += here == "fail"
        day["events"] += 1
        day["would_run"] += here == "run"
        day["would_filter"] += here == "filter"
    if requested.published is None:
        return
    published = await _verdict(requested.published, row["trigger"], names, renderer, account_id)
    runs, ran = here == "run", published == "run"
    counts.only_here += runs and not ran
    counts.only_published += ran and not runs
    if runs is not ran and len(counts.examples) < EXAMPLES_MAX:
        counts.examples.append({"event_id": str(row["event_id"]), "would_run": runs, "published_runs": ran})


async def _verdict(
    definition: Mapping[str, Any], trigger: str, names: Mapping[str, Any], renderer: Renderer, account_id: UUID
) -> Verdict | None:
    """What would become of a run on the event, as far as its filters decide; None when it is not its trigger's."""
    if trigger != definition["trigger"]["key"]:
        return None
    if not passes(conditions_of(definition["trigger"].get("filters") or {}), names["trigger"]["data"]):
        return "filter"
    for number, step in enumerate(definition["steps"]):
        if step["action"] != "filter":
            break
        known = {**names, "steps": [{"output": {"passed": True}}] * number}
        try:
            filled = await renderer.fill(account_id, step["input"], known)
        except (TemplateFault, WorkerKilled, NoWorker):
            return "fail"
        if not holds(filled.value):
            return "filter"
    return "run"


def _result(requested: Backtest, counts: Counts, *, truncated: bool) -> dict[str, Any]:
    per_day = [{"date": day, **counts.per_day[day]} for day in sorted(counts.per_day)]
    differs = {"only_here": counts.only_here, "only_published": counts.only_published, "examples": counts.examples}
    return {
        "days": requested.days,
        "version": requested.version,
        "until": datetime.now(tz=UTC).isoformat(),
        "truncated": truncated,
        **counts.model_dump(include={"events", "would_run", "would_filter", "would_fail"}),
        "per_day": per_day,
        "differs_from_published": differs if requested.published is not None else None,
    }
