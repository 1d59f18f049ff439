"""What faults strike: the servers, the services and the wires between them, and who starts again what has ended."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from tests.faults.hostile import HostileReceiver, drip, maintain_during_a_read
from tests.faults.load import Tenant
from tests.faults.plan import Fault
from tests.faults.proxy import CuttingProxy
from tests.faults.record import Book
from tests.support.eventually import eventually
from tests.support.installation import Installation, ServiceProcess
from tests.support.servers import Postgres, Rabbitmq

STRIKE_SECONDS_MAX = 20.0
FROZEN_SECONDS = 5.0  # others sweep and take over meanwhile
FROZEN_BEYOND_LEASE_SECONDS = 18.0  # longer than `ENVIRONMENT` of the run lets a delivery be leased

Tell = Callable[[str], None]


class VoidRun(Exception):
    """A planned fault did not strike: the run proves nothing."""


@dataclass(slots=True)
class Scene:
    """The parts that faults act on. `cuts` is how many replies a cut swallows. No broker: the bus is in Postgres."""

    postgres: Postgres
    broker: Rabbitmq | None
    running: Installation
    http: CuttingProxy
    amqp: CuttingProxy | None
    database: CuttingProxy
    tell: Tell
    chance: random.Random
    cuts: int
    tenants: list[Tenant]
    book: Book
    hostile: HostileReceiver
    struck: list[str] = field(default_factory=list)
    restarts: dict[str, int] = field(default_factory=dict)
    _thawing: set[asyncio.Task[None]] = field(default_factory=set)

    async def strike(self, fault: Fault) -> None:
        """Do one fault and make sure that it struck.

        Raises:
            VoidRun: it did not.
        """
        self.tell(f"  {fault.at_seconds:6.1f} s  {fault.kind}")
        if not await self._action(fault.kind)():
            raise VoidRun(f"{fault.kind} at {fault.at_seconds:.1f} s did not strike")
        self.struck.append(fault.kind)

    def _action(self, kind: str) -> Callable[[], Awaitable[bool]]:
        of_servers: dict[str, Callable[[], Awaitable[bool]]] = {
            "kill broker": self._kill_broker,
            "stop and start broker": self._restart_broker,
            "kill database": self._kill_database,
            "cut database sessions": self._cut_sessions,
            "cut http replies": lambda: self._cut(self.http),
            "cut broker replies": lambda: self._cut(self.amqp),
            "cut database replies": lambda: self._cut(self.database),
            "maintain during a long read": lambda: maintain_during_a_read(self.postgres.dsn),
            "drip uploads": lambda: drip(self.http.port, self.chance.choice(self.tenants).direct_path, self.chance),
            "change targets": self._change_targets,
            "check hostile answers": self._hostile_answers_given,
        }
        if kind in of_servers:
            return of_servers[kind]
        verb, _, name = kind.partition(" ")
        service = self.chance.choice(self.running.replicas_of(name))
        to_services: dict[str, Callable[[ServiceProcess], Awaitable[bool]]] = {
            "kill": self._kill,
            "stop": self._stop,
            "freeze": self._freeze,
        }
        return lambda: to_services[verb](service)

    async def _up(self, service: ServiceProcess) -> None:
        await eventually(lambda: service.running, deadline_seconds=STRIKE_SECONDS_MAX)

    async def _kill(self, service: ServiceProcess) -> bool:
        await self._up(service)
        process = service.process
        await service.kill()
        return process is not None and process.returncode == -signal.SIGKILL

    async def _stop(self, service: ServiceProcess) -> bool:
        await self.thawed()  # a frozen process takes no signal to stop
        await self._up(service)
        # One that is told to stop while it starts ends by the signal; one that has started ends in order.
        return await service.stop() in {0, -signal.SIGTERM}

    async def _freeze(self, service: ServiceProcess) -> bool:
        await self._up(service)
        process = service.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        beyond = service.name.startswith("action_executor")
        seconds = FROZEN_BEYOND_LEASE_SECONDS if beyond else FROZEN_SECONDS
        thawing = asyncio.create_task(_thaw(process, seconds))
        self._thawing.add(thawing)
        thawing.add_done_callback(self._thawing.discard)
        return process.returncode is None

    async def thawed(self) -> None:
        """Wait until nothing is frozen any more."""
        await asyncio.gather(*self._thawing)

    async def _kill_broker(self) -> bool:
        assert self.broker is not None
        await self.broker.kill()
        await self.broker.start()
        return True

    async def _restart_broker(self) -> bool:
        assert self.broker is not None
        await self.broker.stop_gracefully()
        await self.broker.start()
        return True

    async def _kill_database(self) -> bool:
        await self.postgres.kill()
        await self.postgres.start()
        return True

    async def _cut_sessions(self) -> bool:
        # The services may be between two faults without a session for a moment.
        await eventually(self._end_sessions, deadline_seconds=STRIKE_SECONDS_MAX)
        return True

    async def _end_sessions(self) -> bool:
        conn = await asyncpg.connect(self.postgres.dsn)
        try:
            cut = await conn.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name LIKE 'ledgerwire-%'"
            )
        finally:
            await conn.close()
        return bool(cut)

    async def _cut(self, proxy: CuttingProxy | None) -> bool:
        assert proxy is not None
        before = proxy.cut
        proxy.arm(self.cuts)
        await eventually(lambda: proxy.cut >= before + self.cuts, deadline_seconds=STRIKE_SECONDS_MAX)
        return True

    async def _change_targets(self) -> bool:
        """Point the hooks of half the accounts elsewhere while attempts are under way; the old targets answer 410."""
        places = self.chance.sample(range(len(self.tenants)), len(self.tenants) // 2)
        for place in places:
            tenant = self.tenants[place]
            base, _, number = tenant.target_url.rpartition("/")
            moved = replace(tenant, target_url=f"{base}/{int(number) + 1}")
            await eventually(partial(self._patched, moved), deadline_seconds=2 * STRIKE_SECONDS_MAX)
            self.tenants[place] = moved
            self.book.moved.add(f"POST {urlsplit(tenant.target_url).path} ".encode())
        return True

    async def _patched(self, tenant: Tenant) -> bool:
        timeout = aiohttp.ClientTimeout(total=STRIKE_SECONDS_MAX)
        headers = {"Authorization": f"Bearer {tenant.token}"}
        url, body = f"{self.running.url}/v1/hooks/{tenant.hook_id}", {"target_url": tenant.target_url}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.patch(url, json=body, headers=headers) as reply,
            ):
                return reply.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _hostile_answers_given(self) -> bool:
        before = self.hostile.answered
        await eventually(lambda: self.hostile.answered > before, deadline_seconds=2 * STRIKE_SECONDS_MAX)
        return True

    async def supervise(self) -> None:
        """Start again what has ended, as an operator's supervisor would; until cancelled."""
        while True:
            for service in self.running.services.values():
                if not service.running:
                    self.restarts[service.name] = self.restarts.get(service.name, 0) + 1
                    await service.start()
            await asyncio.sleep(0.2)


async def _thaw(process: asyncio.subprocess.Process, seconds: float) -> None:
    await asyncio.sleep(seconds)
    if process.returncode is None:
        process.send_signal(signal.SIGCONT)
