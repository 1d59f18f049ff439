"""Make a delivery's or a run's JSON from rows of their views: what `GET` answers and what a command's answer carries.

Used by the executor and by ingress, so that both say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import orjson

from contracts.resources.output import Row


def delivery(row: Row, attempts: Iterable[Row] | None = None) -> dict[str, Any]:
    """A delivery, from `execution_api.delivery` and, for one looked at by itself, its rows of `execution_api.attempt`.

    `next_attempt_at` is null unless it is pending; `status_code` and `error` are those of the last attempt, and `error`
    says why it was cancelled. In lists, without `attempts`, the number alone is there as `attempt_count`.
    """
    found = {
        "id": str(row["id"]),
        "hook_id": str(row["hook_id"]),
        "event_id": str(row["event_id"]),
        "trigger": row["trigger"],
        "state": row["state"],
        "attempt_count": row["attempts"],
        "next_attempt_at": _time(row["due_at"]),
        "status_code": row["status_code"],
        "error": row["error"],
        "created_at": _time(row["created_at"]),
        "finished_at": _time(row["finished_at"]),
    }
    if attempts is not None:
        found["attempts"] = [attempt(one) for one in attempts]
    return found


def attempt(row: Row) -> dict[str, Any]:
    """One attempt, from `execution_api.attempt`; `status_code` is null when no answer came."""
    return {
        "number": row["number"],
        "started_at": _time(row["started_at"]),
        "finished_at": _time(row["finished_at"]),
        "duration_ms": row["duration_ms"],
        "status_code": row["status_code"],
        "error": row["error"],
        "response": row["response"],
    }


def run(row: Row, steps: Iterable[Row] | None = None) -> dict[str, Any]:
    """A run, from `execution_api.run` and, for one looked at by itself, its rows of `execution_api.step`.

    `due_at` says until when it waits, null unless it does; `replays` counts how often it was taken up again. The event
    that set it off is in `trigger`, in the hook's own shape. The run of an action that was called by itself has no
    automation.
    """
    found = {
        "id": str(row["id"]),
        "automation_id": str(row["automation_id"]) if row["automation_id"] else None,
        "version": row["version"],
        "event_id": str(row["event_id"]),
        "trigger_key": row["trigger"],
        "state": row["state"],
        "step_no": row["step_no"],
        "due_at": _time(row["due_at"]),
        "error": row["error"],
        "replays": row["replays"],
        "created_at": _time(row["created_at"]),
        "finished_at": _time(row["finished_at"]),
    }
    if steps is not None:
        found["trigger"] = orjson.loads(row["body"])
        found["steps"] = nested([step(one) for one in steps])
    return found


def nested(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outermost steps in order, each with those inside of it, of all depths, as its `steps`; on_failure's last."""
    ordered = sorted(steps, key=lambda one: (one["number"], [int(part) for part in _DIGITS.findall(one["path"])]))
    outermost = {one["number"]: one | {"steps": []} for one in ordered if _OUTERMOST.fullmatch(one["path"])}
    for one in ordered:
        if not _OUTERMOST.fullmatch(one["path"]) and one["number"] in outermost:
            outermost[one["number"]]["steps"].append(one)
    return list(outermost.values())


_DIGITS: Final = re.compile(r"\d+")
_OUTERMOST: Final = re.compile(r"(on_failure\.steps\.)?\d+")


def step(row: Row) -> dict[str, Any]:
    """One step of a run, from `execution_api.step`; `input` is what was sent, templates filled in."""
    return {
        "path": row["path"],
        "number": row["number"],
        "action": row["action"],
        "state": row["state"],
        "guarantee": row["guarantee"],
        "input": row["input"],
        "output": row["output"],
        "attempts": row["attempts"],
        "warnings": row["warnings"],
        "error": row["error"],
        "started_at": _time(row["started_at"]),
        "finished_at": _time(row["finished_at"]),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
