"""Fire automations by the clock: each tick is one event in the log and one run, whichever dispatcher finds it.

Ticks that were missed, while nothing ran or the automation's clock was moved, are caught up with the last of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from prometheus_client import Counter

from contracts.primitives.ids import derive_id
from contracts.resources.automation import SCHEDULE
from contracts.wire.events import public_body
from contracts.wire.topology import EXECUTOR_JOBS
from outbox.pipeline import BatchEffects
from outbox.relay import Relay
from scheduling.poller import Poller
from storage.pool import Connection, Pool
from trigger_dispatcher.automations import schedule_store as store
from trigger_dispatcher.automations.schedule_rules import last_tick, next_tick
from trigger_dispatcher.automations.schedule_store import Schedule
from trigger_dispatcher.events.event import Event
from trigger_dispatcher.events.handlers import dispatch
from trigger_dispatcher.events.matching import Subscriber
from trigger_dispatcher.events.store import insert_events

TICKS = Counter("ledgerwire_schedule_ticks_total", "Runs that a schedule started", ["caught_up"])

SCHEDULES_MAX: Final = 100  # of one transaction
SWEEP_SECONDS: Final = 5.0  # at the latest: other dispatchers enable schedules too
LATE_SECONDS: Final = 60.0  # a tick that is later than this was missed


class Scheduler:
    """One process's scheduler of automations."""

    def __init__(self, pool: Pool, relay: Relay, *, schema: str) -> None:
        self._pool, self._relay, self._schema = pool, relay, schema
        self.poller: Final = Poller("schedules", self._look, sweep_seconds=SWEEP_SECONDS)

    async def _look(self) -> float | None:
        if await self.fire_due() == SCHEDULES_MAX:
            return 0.0
        return await store.next_due_seconds(self._pool)

    async def fire_due(self) -> int:
        """Fire a batch of what is due now; give how many there were."""
        effects = BatchEffects(self._schema)
        async with self._pool.acquire() as conn, conn.transaction():
            due = await store.lock_due(conn, schedules_max=SCHEDULES_MAX)
            if not due:
                return 0
            fired = [_event(one) for one in due]
            await insert_events(conn, fired)
            pairs = [(event, _subscriber(one)) for event, one in zip(fired, due, strict=True)]
            for job in await dispatch(conn, pairs):
                effects.send(EXECUTOR_JOBS, job)
            await store.set_ticks(conn, due, [next_tick(one.cron, one.time_zone, one.now) for one in due])
            await effects.flush(conn)
        self._relay.push(effects.messages)
        for event in fired:
            TICKS.labels(str(event.data["caught_up"]).lower()).inc()
        return len(due)


async def keep_schedule(conn: Connection, *, account_id: UUID, automation_id: UUID) -> None:
    """Bring an automation's schedule up to date with its published version and state, in its command's transaction."""
    wanted = await store.find_wanted(conn, account_id=account_id, automation_id=automation_id)
    if wanted.cron is None or wanted.time_zone is None:
        await store.drop(conn, account_id=account_id, automation_id=automation_id)
        return
    same = wanted.known == (wanted.cron, wanted.time_zone)
    tick_at = None if same else next_tick(wanted.cron, wanted.time_zone, wanted.now)
    await store.keep(conn, account_id=account_id, automation_id=automation_id, wanted=wanted, tick_at=tick_at)


def _event(one: Schedule) -> Event:
    """The event of the last tick that is due, under an id that the automation and the tick alone decide."""
    tick = last_tick(one.cron, one.time_zone, one.now, not_before=one.tick_at)
    event_id = derive_id(UUID(int=int(tick.timestamp() * 1000) << 80), str(one.id))
    data: dict[str, Any] = {
        "automation_id": str(one.id),
        "scheduled_at": _local(tick, one),
        "cron": one.cron,
        "time_zone": one.time_zone,
        "caught_up": (one.now - one.tick_at).total_seconds() > LATE_SECONDS,
    }
    return Event(
        account_id=one.account_id,
        id=event_id,
        trigger=SCHEDULE,
        at=tick,
        subject_id=one.id,
        client_id=None,
        correlation_id=event_id,
        causation_id=None,
        depth=0,
        data=data,
        body=public_body(event_id=event_id, trigger=SCHEDULE, timestamp=tick.isoformat(), data=data),
    )


def _local(tick: datetime, one: Schedule) -> str:
    return tick.astimezone(ZoneInfo(one.time_zone)).isoformat()


def _subscriber(one: Schedule) -> Subscriber:
    return Subscriber(one.id, "automation", (SCHEDULE,), (), one.tick_at, version=one.version)
