"""What a quiet account notices of a noisy one beside it, on the whole way from a request to the receiver of a hook."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench import measure
from tests.bench.scene import Scene, set_scene
from tests.bench.tenants import CreateAccount
from tests.support.http_load import LoadConnection

PER_SECOND: Final = 10.0  # of the quiet account
NOISY_PER_SECOND: Final = (100, 300)
CONNECTIONS: Final = 32
WARM_UP_SECONDS: Final = 3  # what is loaded and planned once for an account is not measured, for either of them


@dataclass(slots=True)
class Noise:
    """Sends at a rate until `stopping` is set; of what it sends, its hook takes no more than its own rate."""

    scene: Scene
    per_second: float
    sent: int = 0
    seconds: float = 0.0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Send; a moment for which no connection is free is not made up for."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(self._work(one, began + n / self.per_second) for n, one in enumerate(self._all())))
        self.seconds = loop.time() - began

    def _all(self) -> list[LoadConnection]:
        return self.scene.connections(CONNECTIONS)

    async def _work(self, connection: LoadConnection, due: float) -> None:
        loop = asyncio.get_running_loop()
        while not self.stopping.is_set():
            await asyncio.sleep(max(0.0, due - loop.time()))
            _, request = self.scene.request()
            answer = await connection.send(request)
            assert answer.status in {200, 429}, answer  # 429: over the rate that `--account-rate` gives
            self.sent += answer.status == 200
            due = max(due + CONNECTIONS / self.per_second, loop.time())
        connection.close()


async def beside_noise(url: str, create: CreateAccount, *, seconds: float) -> dict[str, Any]:
    """Milliseconds of the quiet account, by itself and beside noise of so many requests a second."""
    quiet, quiet_server = await set_scene(url, create, accounts=1)
    figures: dict[str, Any] = {}
    await measure.latency(quiet, per_second=PER_SECOND, seconds=WARM_UP_SECONDS)
    alone = await measure.latency(quiet, per_second=PER_SECOND, seconds=seconds)
    figures["alone"] = alone.as_dict()
    for per_second in NOISY_PER_SECOND:
        loud, loud_server = await set_scene(url, create, accounts=1)
        noise = Noise(loud, per_second)
        running = asyncio.create_task(noise.run())
        await measure.latency(quiet, per_second=PER_SECOND, seconds=WARM_UP_SECONDS)
        beside = await measure.latency(quiet, per_second=PER_SECOND, seconds=seconds)
        noise.stopping.set()
        await running
        loud_server.close()
        figures[f"beside_{per_second}"] = beside.as_dict() | {
            "noise_per_second": round(noise.sent / noise.seconds, 1),
            "p99_times": round(beside.p99_ms / alone.p99_ms, 2),
        }
    quiet_server.close()
    return figures
