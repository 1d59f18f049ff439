"""A long time at a part of the full load: what grows in memory, in the queues' tables and in the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from tests.bench import measure
from tests.bench.scene import Scene, set_scene
from tests.bench.tenants import CreateAccount
from tests.bench.usage import memory

MINUTE: Final = 60.0
TRIES_MAX: Final = 10  # in an hour a disk stalls now and then
# Empty once all is delivered: what they take is what was under way at once, and what no vacuum has freed yet.
_QUEUES: Final = """
    SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_stat_user_tables
    WHERE relname = 'outbox' OR (schemaname, relname) = ('bus', 'message')
"""


@dataclass(frozen=True, slots=True)
class Soak:
    """How long, and at how many events a second."""

    minutes: int
    per_second: float


@dataclass(slots=True)
class Minutes:
    """What was seen at the end of each minute."""

    moments: list[float] = field(default_factory=list)
    memory_mb: list[dict[str, float]] = field(default_factory=list)
    queues_mb: list[float] = field(default_factory=list)
    database_mb: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    async def note(self, pids: Mapping[str, int], conn: asyncpg.Connection[asyncpg.Record]) -> None:
        """Look at processes and tables."""
        self.moments.append(time.monotonic())
        self.memory_mb.append(memory(pids))
        self.queues_mb.append(round(await conn.fetchval(_QUEUES) / 1e6, 1))
        self.database_mb.append(round(await conn.fetchval("SELECT pg_database_size(current_database())") / 1e6, 1))

    def slope_mb_per_hour(self, name: str) -> float:
        """Growth of a process's memory in the second half, by least squares: in the first one caches fill."""
        half = len(self.moments) // 2
        moments, found = self.moments[half:], [one[name] for one in self.memory_mb[half:]]
        middle, mean = sum(moments) / len(moments), sum(found) / len(found)
        spread = sum((one - middle) ** 2 for one in moments)
        together = sum((at - middle) * (one - mean) for at, one in zip(moments, found, strict=True))
        return round(together / spread * 3600, 1) if spread else 0.0

    def as_dict(self, pids: Mapping[str, int], events: int) -> dict[str, Any]:
        """For the report."""
        half = len(self.moments) // 2
        return {
            "soak_events": events,
            "soak_memory_mb_at_half": self.memory_mb[half],
            "soak_memory_mb_at_the_end": self.memory_mb[-1],
            "soak_slope_mb_per_hour": {name: self.slope_mb_per_hour(name) for name in pids},
            "soak_queue_tables_mb": {"at_half": self.queues_mb[half], "at_the_end": self.queues_mb[-1]},
            "soak_database_kb_per_event": round(
                (self.database_mb[-1] - self.database_mb[half]) * 1000 / (events * (1 - half / len(self.moments))), 2
            ),
            "soak_p50_ms": {"best": min(self.p50_ms), "worst": max(self.p50_ms)},
            "soak_p99_ms": {"best": min(self.p99_ms), "worst": max(self.p99_ms)},
        }


async def soaked(
    url: str, dsn: str, pids: Mapping[str, int], create: CreateAccount, asked: Soak, *, accounts: int,
    progress: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Send at a rate, minute by minute, each until all of it has arrived; look at everything after each."""
    scene, server = await set_scene(url, create, accounts=accounts)
    conn = await asyncpg.connect(dsn)
    minutes = Minutes()
    events = 0
    try:
        for number in range(asked.minutes):
            taken = await measure.latency(scene, per_second=asked.per_second, seconds=MINUTE, tries=TRIES_MAX)
            events += _forget(scene)
            minutes.p50_ms.append(taken.p50_ms)
            minutes.p99_ms.append(taken.p99_ms)
            await minutes.note(pids, conn)
            progress(
                f"  minute {number + 1}: p50 {taken.p50_ms} ms, p99 {taken.p99_ms} ms, queues' tables"
                f" {minutes.queues_mb[-1]} MB, memory {minutes.memory_mb[-1]}"
            )
    finally:
        await conn.close()
        server.close()
    return minutes.as_dict(pids, events) | {"soak_doubled": scene.doubled, "soak_refused": scene.refused}


def _forget(scene: Scene) -> int:
    """Forget what has arrived, so that the load itself does not grow; answer how many events it was."""
    gone = len(scene.sent)
    scene.sent.clear()
    scene.arrived.clear()
    return gone
