"""Measure what other accounts notice: latency and errors of a quiet account, and the memory of the instance.

The observer is a process of its own, so that work of the attacks never delays its clock:
`python -m tests.attacks.observer URL TOKEN PID` runs until its standard input is closed and prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

import aiohttp
import psutil

from tests.bench.measure import percentiles

REQUESTS_PER_SECOND = 20
SAMPLE_SECONDS = 0.1
REQUEST_SECONDS_MAX = 30.0
IDLE_SECONDS_MAX = 1.0  # below the server's, so that no request meets a connection that is just being closed
TOKEN_VARIABLE = "OBSERVER_TOKEN"
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
    """Observe for a block, in a process of its own; the observation is complete after the block."""
    seen = Observation()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.attacks.observer", url, str(pid),
        env=os.environ | {TOKEN_VARIABLE: token}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    await process.stdout.readline()  # it has begun
    try:
        yield seen
    finally:
        printed, _ = await process.communicate(b"")
        found = Observation(**json.loads(printed))
        seen.took_ms, seen.failures, seen.peak_mib = found.took_ms, found.failures, found.peak_mib


async def observe(url: str, token: str, pid: int) -> Observation:
    """Send the quiet account's requests at a fixed rate until standard input ends; time runs from when each was due."""
    seen, ended = Observation(), asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS_MAX)
    connector = aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS_MAX)
    print("observing", flush=True)
    session = aiohttp.ClientSession(url, headers=headers, timeout=timeout, connector=connector)
    async with session, asyncio.TaskGroup() as group:
        began, number, sampled = time.monotonic(), 0, 0.0
        while not ended.is_set():
            due = began + number / REQUESTS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(_request(session, seen, due, writes=number % 2 == 0))
            number += 1
            if time.monotonic() - sampled >= SAMPLE_SECONDS:
                sampled = time.monotonic()
                seen.peak_mib = max(seen.peak_mib, resident_mib(pid))
    return seen


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


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(observe(sys.argv[1], os.environ[TOKEN_VARIABLE], int(sys.argv[2]))))))
