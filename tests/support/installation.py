"""The four services as separate processes over real servers: for flow tests, the benchmark and the fault run."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from tests.support.machine import free_port

SERVICES: Final = ("ingress", "ledger", "trigger_dispatcher", "action_executor")
READY_SECONDS_MAX: Final = 180.0  # four processes start at once, also on a busy machine
STOP_SECONDS_MAX: Final = 40.0
MIGRATE_SECONDS_MAX: Final = 240.0  # the migration itself waits for locks up to two minutes


@dataclass(slots=True)
class ServiceProcess:
    """One service as a process of its own; it can be killed and started again on the same ports.

    Its name is the service's; of further replicas `ledger.2` and so on.
    """

    name: str
    environment: Mapping[str, str]
    health_port: int
    log: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process id of the running service."""
        assert self.process is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Start the process; it may not be ready yet."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.name.partition(".")[0], env=dict(self.environment), stdout=log, stderr=log
            )

    async def ready(self, deadline_seconds: float = READY_SECONDS_MAX) -> None:
        """Wait until `/readyz` answers 200.

        Raises:
            AssertionError: the deadline passed or the process ended; the message carries the end of its log.
        """
        ends = time.monotonic() + deadline_seconds
        url = f"http://127.0.0.1:{self.health_port}/readyz"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            said = ""
            while time.monotonic() < ends and self.running:
                try:
                    async with session.get(url) as reply:
                        said = await reply.text()
                        if reply.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError) as error:
                    said = repr(error)
                await asyncio.sleep(0.05)
        raise AssertionError(f"{self.name} is not ready: {said}\n{self.tail()}")

    async def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        assert self.process is not None
        if self.running:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """End it with SIGTERM and wait for its drain; answer its exit status."""
        assert self.process is not None
        if self.running:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGCONT)  # one that a fault has frozen would not hear of it
        try:
            return await asyncio.wait_for(self.process.wait(), STOP_SECONDS_MAX)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise

    def tail(self, characters: int = 4000) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def usage(self) -> tuple[float, int]:
        """CPU seconds so far and resident memory in bytes."""
        process = psutil.Process(self.pid)
        times = process.cpu_times()
        return times.user + times.system, process.memory_info().rss


@dataclass(slots=True)
class Installation:
    """Everything that runs, and how to reach it."""

    url: str
    services: dict[str, ServiceProcess]
    environment: dict[str, str]
    folder: Path
    extra: list[ServiceProcess] = field(default_factory=list)

    def replicas_of(self, name: str) -> list[ServiceProcess]:
        """The processes of a service."""
        return [service for service in self.services.values() if service.name.partition(".")[0] == name]

    async def create_account(self, name: str) -> dict[str, Any]:
        """Make an account by the command an operator uses; answer its credentials."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ingress",
            "account",
            "create",
            name,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
        )
        reported, _ = await asyncio.wait_for(process.communicate(), READY_SECONDS_MAX)
        assert process.returncode == 0
        return dict(json.loads(reported))


NO_RATE_LIMITS: Final = {
    "LEDGERWIRE_REQUESTS_PER_SECOND": "0",
    "LEDGERWIRE_CALLER_REQUESTS_PER_SECOND": "0",
    "LEDGERWIRE_CHANNEL_REQUESTS_PER_SECOND": "0",
}
"""For a load that is measured: one sender does what a thousand would."""


def service_environment(*, dsn: str, amqp_url: str | None, **more: str) -> dict[str, str]:
    """What every service gets; nothing of this shell's own settings leaks in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    given = {
        "LEDGERWIRE_POSTGRES_DSN": dsn,
        "LEDGERWIRE_SECRET_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8",
        "LEDGERWIRE_LOG_LEVEL": "WARNING",
    }
    if amqp_url is not None:
        given["LEDGERWIRE_AMQP_URL"] = amqp_url
    return own | given | more


async def migrate_all(environment: Mapping[str, str]) -> None:
    """Run every service's migrations, as an operator would."""
    for name in SERVICES:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", name, "migrate", env=dict(environment))
        assert await asyncio.wait_for(process.wait(), MIGRATE_SECONDS_MAX) == 0, f"{name} migrate failed"


def names_of(replicas: int) -> list[str]:
    """The names of the processes, of which there are `replicas` of each service but ingress, which has one port."""
    return [*SERVICES, *(f"{name}.{number}" for name in SERVICES[1:] for number in range(2, replicas + 1))]


@asynccontextmanager
async def installation(
    *, dsn: str, amqp_url: str | None, folder: Path, replicas: int = 1, **more: str
) -> AsyncIterator[Installation]:
    """Migrate, start the four services on free ports, wait until they are ready; stop them afterwards.

    Of all but ingress, which has one port, there are `replicas`.
    """
    async with installation_of(lambda _: {}, dsn, amqp_url, folder, replicas, more) as running:
        yield running


@asynccontextmanager
async def installation_of(
    own: Callable[[str], Mapping[str, str]],
    dsn: str,
    amqp_url: str | None,
    folder: Path,
    replicas: int,
    more: Mapping[str, str],
) -> AsyncIterator[Installation]:
    """The same; `own` gives what one process alone gets, by its name."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = service_environment(dsn=dsn, amqp_url=amqp_url, LEDGERWIRE_PUBLIC_URL=url, **more)
    await migrate_all(environment)
    services = {}
    for name in names_of(replicas):
        health_port = free_port()
        given = environment | {"LEDGERWIRE_HEALTH_PORT": str(health_port)} | dict(own(name))
        if name == "ingress":
            given |= {"LEDGERWIRE_HOST": "127.0.0.1", "LEDGERWIRE_PORT": str(port)}
        services[name] = ServiceProcess(name, given, health_port, folder / f"{name}.log")
    running = Installation(url, services, environment, folder)
    try:
        for service in services.values():
            await service.start()
        for service in services.values():
            await service.ready()
        yield running
    finally:
        live = [service for service in [*services.values(), *running.extra] if service.running]
        await asyncio.gather(*(service.stop() for service in live), return_exceptions=True)
