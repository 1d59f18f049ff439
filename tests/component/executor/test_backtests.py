"""A backtest over more events than one command looks through: the same counts, whatever the size of a slice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from action_executor.runs import backtest
from contracts.primitives.ids import derive_id
from contracts.wire.events import public_body
from tests.support.executor import ExecutorHarness

EVENTS = 25
_INSERT = """
INSERT INTO dispatch.event (account_id, event_id, trigger, at, subject_id, correlation_id, depth, body)
VALUES ($1, $2, 'sale.posted', $3, $2, $2, 0, $4)
"""


async def record_events(executor: ExecutorHarness) -> None:
    """One event a minute, numbered, of which the newest is a minute old."""
    for number in range(EVENTS):
        at = datetime.now(tz=UTC) - timedelta(minutes=EVENTS - number)
        event_id = derive_id(UUID(int=int(at.timestamp() * 1000) << 80), str(number))
        data = {"number": f"A-{number}", "total": f"{number}.00"}
        body = public_body(event_id=event_id, trigger="sale.posted", timestamp=at.isoformat(), data=data)
        await executor.owner.execute(_INSERT, executor.account_id, event_id, at, body)


def automation(at_least: int) -> dict[str, Any]:
    condition = {"where": "{{ trigger.data.total }}", "op": "gte", "value": str(at_least)}
    return {"trigger": {"key": "sale.posted"}, "steps": [{"action": "filter", "input": condition}]}


@pytest.mark.parametrize("events_max", [1, 10, 1_000])
async def test_counts_do_not_depend_on_the_size_of_a_slice(
    executor: ExecutorHarness, monkeypatch: pytest.MonkeyPatch, events_max: int
) -> None:
    monkeypatch.setattr(backtest, "SLICE_EVENTS_MAX", events_max)
    await record_events(executor)
    data = {
        "automation_id": str(executor.account_id), "days": 2,
        "definition": automation(20), "published": automation(15),
    }  # fmt: skip
    async with executor.running():
        answer = await executor.command("backtest", data)
    assert answer["status"] == 200
    counts = [answer["body"][name] for name in ("events", "would_run", "would_filter", "would_fail", "truncated")]
    assert counts == [EVENTS, 5, 20, 0, False]
    assert sum(day["events"] for day in answer["body"]["per_day"]) == EVENTS
    differs = answer["body"]["differs_from_published"]
    assert (differs["only_here"], differs["only_published"], len(differs["examples"])) == (0, 5, 5)
