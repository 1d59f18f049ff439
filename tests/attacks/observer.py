"""Measure what other accounts notice: latency and errors of a quiet account, and the memory of the instance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import psutil

from tests.bench.measure import percentiles

REQUESTS_PER_SECOND = 20
SAMPLE_SECONDS = 0.05
REQUEST_SECONDS_MAX = 30.0
IDLE_SECONDS_MAX = 1.0  # below the server's, so that no request meets a connection that is just being closed
MIB = 1024 * 1024


@dataclass(slots=True)
class Observation:
    """What was seen while one attack ran: milliseconds per request, failed requests, peak resident MiB."""

    took_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    peak_mib: float = 0.0

    @property
    def p99_ms(self) -> float:
        """The 99th percentile of the quiet account's requests."""
        return percentiles(self.took_ms)[1] if self.took_ms else 0.0


def resident_mib(pid: int) -> float:
    """Resident memory of the instance and its workers, in MiB; PostgreSQL's own processes are not counted."""
    total = 0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            if "postgres" not in process.name():
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / MIB


@asynccontextmanager
async def observing(url: str, token: str, pid: int) -> AsyncIterator[Observation]:
    """Send the quiet account's requests at a fixed rate for a block; the time runs from when each was due."""
    seen = Observation()
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS_MAX)
    connector = aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS_MAX)
    async with (
        aiohttp.ClientSession(url, headers=headers, timeout=timeout, connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(_request_forever(session, seen)), group.create_task(_sample_forever(pid, seen))]
        try:
            yield seen
        finally:
            for task in tasks:
                task.cancel()


async def _request_forever(session: aiohttp.ClientSession, seen: Observation) -> None:
    under_way: set[asyncio.Task[None]] = set()
    began, number = time.monotonic(), 0
    while True:
        due = began + number / REQUESTS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(_request(session, seen, due, writes=number % 2 == 0))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        number += 1


async def _request(session: aiohttp.ClientSession, seen: Observation, due: float, *, writes: bool) -> None:
    call = session.post("/v1/clients", json={"name": "Quiet"}) if writes else session.get("/v1/clients?limit=1")
    try:
        async with call as answer:
            body = await answer.read()
            if answer.status >= 400:
                seen.failures.append(f"{answer.status} {body[:120]!r}")
    except (aiohttp.ClientError, TimeoutError) as error:
        seen.failures.append(repr(error))
    seen.took_ms.append((time.monotonic() - due) * 1000)


async def _sample_forever(pid: int, seen: Observation) -> None:
    while True:
        seen.peak_mib = max(seen.peak_mib, await asyncio.to_thread(resident_mib, pid))
        await asyncio.sleep(SAMPLE_SECONDS)
