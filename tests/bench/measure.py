"""The measurements: how much is accepted, how much goes the whole way, and how long that takes."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.bench.scene import Scene
from tests.support.http_load import LoadConnection

ARRIVAL_SECONDS_MAX = 120.0
CONNECTIONS = 32
UNAVAILABLE = 503
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Rate a second."""
        return self.count / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the first byte of the request to the receiver's reading of the delivery."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    def as_dict(self) -> dict[str, float]:
        """For the JSON report."""
        return asdict(self)


def percentiles(took: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile, to a tenth; there must be one at least."""
    cuts = statistics.quantiles(took, n=100, method="inclusive") if len(took) > 1 else [*took] * 99
    return round(statistics.median(took), 1), round(cuts[98], 1)


async def _send(scene: Scene, connection: LoadConnection, due: float | None = None, *, tries: int = 1) -> str:
    ref, request = scene.request()
    scene.sent[ref] = due or time.monotonic()
    answer = await connection.send(request)
    while answer.status == UNAVAILABLE and (tries := tries - 1):
        scene.refused += 1
        await asyncio.sleep(RETRY_SECONDS)
        answer = await connection.send(request)
    if answer.status != 200:
        raise AssertionError(f"{answer.status}: {answer.body[:300]!r}")
    return ref


async def accepted(scene: Scene, *, seconds: float, connections: int) -> Rate:
    """Post as fast as the answers come, each connection one at a time."""
    ends = time.monotonic() + seconds
    done = 0

    async def work(connection: LoadConnection) -> None:
        nonlocal done
        while time.monotonic() < ends:
            await _send(scene, connection)
            done += 1
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*(work(one) for one in scene.connections(connections)))
    return Rate(done, time.monotonic() - began)


async def all_arrived(scene: Scene, *, deadline_seconds: float = ARRIVAL_SECONDS_MAX) -> None:
    """Wait until everything sent has come back; a pause longer than the deadline is a failure."""
    while len(scene.arrived) < len(scene.sent):
        scene.changed.clear()
        try:
            await asyncio.wait_for(scene.changed.wait(), deadline_seconds)
        except TimeoutError:
            missing = len(scene.sent) - len(scene.arrived)
            raise AssertionError(f"{missing} of {len(scene.sent)} events did not arrive") from None


async def whole_way(scene: Scene, *, events: int, connections: int, in_flight_max: int) -> Rate:
    """Post with at most `in_flight_max` not yet delivered; the rate is that of deliveries in the middle four fifths."""
    before = len(scene.arrived)
    left = events

    async def work(connection: LoadConnection) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            while len(scene.sent) - len(scene.arrived) >= in_flight_max:
                scene.changed.clear()
                await scene.changed.wait()
            await _send(scene, connection)
        connection.close()

    await asyncio.gather(*(work(one) for one in scene.connections(connections)))
    await all_arrived(scene)
    moments = sorted(list(scene.arrived.values())[before:])
    first, last = len(moments) // 10, len(moments) * 9 // 10
    return Rate(last - first, moments[last - 1] - moments[first])


async def latency(scene: Scene, *, per_second: float, seconds: float, tries: int = 1) -> Latency:
    """Post at a fixed rate whatever the answers; the time runs from when a request was due, so no wait is hidden.

    What is refused because the installation is busy is sent again, `tries` times in all.
    """
    idle: asyncio.Queue[LoadConnection] = asyncio.Queue()
    for connection in scene.connections(CONNECTIONS):
        idle.put_nowait(connection)

    async def send(due: float) -> str:
        connection = await idle.get()
        try:
            return await _send(scene, connection, due, tries=tries)
        finally:
            idle.put_nowait(connection)

    tasks: list[asyncio.Task[str]] = []
    began = time.monotonic()
    for number in range(int(per_second * seconds)):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(send(due)))
    refs = await asyncio.gather(*tasks)
    await all_arrived(scene)
    took = sorted((scene.arrived[ref] - scene.sent[ref]) * 1000 for ref in refs)
    while not idle.empty():
        idle.get_nowait().close()
    p50, p99 = percentiles(took)
    return Latency(len(took), p50, p99, round(took[-1], 1))
