"""The targets of faults: servers, services and the connections between them; ended processes are started again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from tests.faults.debtor_mails import DebtorMails
from tests.faults.endpoint import Endpoint
from tests.faults.hostile import HostileReceiver
from tests.faults.load import Tenant
from tests.faults.plan import Fault
from tests.faults.proxy import Cuts, CuttingProxy
from tests.faults.record import Book
from tests.support.eventually import eventually
from tests.support.installation import Installation, ServiceProcess
from tests.support.servers import Postgres, Rabbitmq, ServersMissing

STRIKE_SECONDS_MAX: Final = 20.0

Progress = Callable[[str], None]


class VoidRun(Exception):
    """A planned fault had no effect: the run proves nothing."""


@dataclass(frozen=True, slots=True)
class Wires:
    """A process's own ways to the servers, and the file that turns its clock, where that can be had."""

    database: CuttingProxy
    broker: CuttingProxy | None
    clock: Path | None


@dataclass(slots=True)
class Scene:
    """The parts that faults act on. `cuts` is how many replies a cut swallows. No broker: the bus is in Postgres."""

    postgres: Postgres
    broker: Rabbitmq | None
    running: Installation
    http: CuttingProxy
    wires: dict[str, Wires]
    replies: dict[str, Cuts]  # by what they come from
    progress: Progress
    chance: random.Random
    cuts: int
    tenants: list[Tenant]
    book: Book
    endpoint: Endpoint
    endpoint_port: int
    hostile: HostileReceiver
    debtor_mails: DebtorMails
    injected: list[str] = field(default_factory=list)
    restarts: dict[str, int] = field(default_factory=dict)
    kills: list[tuple[str, float]] = field(default_factory=list)  # service, when (monotonic)
    frozen: set[asyncio.Task[None]] = field(default_factory=set)

    async def inject(self, fault: Fault, act: Act) -> None:
        """Do one fault and make sure that it struck.

        Raises:
            VoidRun: it did not.
        """
        self.progress(f"  {fault.at_seconds:6.1f} s  {fault.kind}")
        try:
            struck = await act(self, fault.target)
        except (AssertionError, OSError, ServersMissing) as error:
            raise VoidRun(f"{fault.kind} at {fault.at_seconds:.1f} s did not strike: {error!r}") from error
        if not struck:
            raise VoidRun(f"{fault.kind} at {fault.at_seconds:.1f} s did not strike")
        self.injected.append(fault.kind)

    def one_of(self, service: str) -> ServiceProcess:
        """A process of a service."""
        return self.chance.choice(self.running.replicas_of(service))

    async def up(self, service: ServiceProcess) -> None:
        """Wait until a process lives that may have ended a moment ago."""
        await eventually(lambda: service.running, deadline_seconds=STRIKE_SECONDS_MAX)

    def sender_from(self, port: int) -> ServiceProcess | None:
        """The executor that has a connection from a port of loopback."""
        for service in self.running.replicas_of("action_executor"):
            if service.running:
                ends = psutil.Process(service.pid).net_connections(kind="tcp4")
                if any(end.laddr and end.laddr.port == port for end in ends):
                    return service
        return None

    def note_kill(self, service: ServiceProcess) -> tuple[str, float]:
        """Note service and moment, from which on the time is counted until it takes work again."""
        self.kills.append((service.name.partition(".")[0], time.monotonic()))
        return self.kills[-1]

    async def thawed(self) -> None:
        """Wait until nothing is frozen any more."""
        await asyncio.gather(*self.frozen)

    async def supervise(self) -> None:
        """Start again what has ended, as an operator's supervisor would; until cancelled."""
        while True:
            for service in self.running.services.values():
                if not service.running:
                    self.restarts[service.name] = self.restarts.get(service.name, 0) + 1
                    await service.start()
            await asyncio.sleep(0.2)


Act = Callable[[Scene, str], Awaitable[bool]]
"""Does one fault to a target; answers whether it struck, and raises where its effect is not seen in time."""
