"""A real PostgreSQL for tests, bench and faults: fresh databases on a server that syncs what it commits."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from embedded_postgres import server as embedded
from embedded_postgres.binaries import binaries_for, runner_for
from embedded_postgres.data import USER, make_data, password
from embedded_postgres.supervisor import clear_leftovers
from tests.support.container import Container
from tests.support.machine import LocalProcess, Machine, ServersMissing, free_port, fresh_directory
from tests.support.small_disk import SmallDisk, can_mount, mount

READY_SECONDS_MAX: Final = 60.0
PAUSE_SECONDS: Final = 0.02
QUIT_SECONDS_MAX: Final = 5.0
# What differs from the embedded server: reached as the services reach theirs, by as many connections as tests need.
OVER_TCP: Final = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}

Prepare = Callable[[str], Awaitable[object]]
"""What fills an empty database, given by its address, and leaves no session in it."""


class Postgres:
    """A server. One that was given by its address can be used, but neither killed nor stopped."""

    def __init__(self, dsn: str, machine: Machine | None = None, disk: SmallDisk | None = None) -> None:
        self.dsn: Final = dsn
        """The address as superuser of a database that no other test uses."""
        self.disk: Final = disk
        """Where its data are, if on a disk of their own that may be filled."""
        self._machine = machine
        self._templates: Final[dict[Prepare, str]] = {}

    @property
    def machine(self) -> Machine:
        """What it runs as."""
        assert self._machine is not None, "this server was given by its address: it is not ours to stop"
        return self._machine

    @property
    def pid(self) -> int:
        """The process id of the first process."""
        return self.machine.pid

    @property
    def log(self) -> Path:
        """What it says, where it is a process of this machine."""
        assert isinstance(self.machine, Cluster)
        return self.machine.log

    async def start(self) -> None:
        """Start it with the data it has, and wait until it answers."""
        await self.machine.start()
        await self.ready()

    async def kill(self) -> None:
        """End it and its sessions with SIGKILL."""
        await self.machine.kill()

    async def stop_gracefully(self) -> None:
        """Shut it down in order; open sessions are cut."""
        await self.machine.stop()

    async def restart(self) -> None:
        """Shut it down in order and start it with an empty cache of its own."""
        await self.stop_gracefully()
        await self.start()

    async def ready(self) -> None:
        """Wait until it answers.

        Raises:
            ServersMissing: it ended, or the time is over; the message carries what it said last.
        """
        ends = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                connection = await asyncpg.connect(self.dsn, timeout=5)
            except (OSError, asyncpg.PostgresError) as error:
                if time.monotonic() > ends or (self._machine is not None and self._machine.ended()):
                    said = self._machine.log_tail() if self._machine is not None else ""
                    raise ServersMissing(f"PostgreSQL does not answer: {error!r}\n{said}") from error
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await connection.close()
                return

    async def create_database(self, *, template: str | None = None) -> str:
        """Make a database, empty or a copy of another without connections (its address); give its address."""
        name = f"t_{secrets.token_hex(6)}"
        copied = "template1" if template is None else urlsplit(template).path.lstrip("/")
        # Copying the files takes half of the time that logging each of their pages takes.
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{copied}" STRATEGY FILE_COPY')
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{name}"))

    async def copy_of(self, prepare: Prepare) -> str:
        """Make a copy of the database that `prepare` filled, which is done once per server; give its address.

        Copying takes a tenth of the time that migrating takes.
        """
        if prepare not in self._templates:
            template = await self.create_database()
            await prepare(template)
            self._templates[prepare] = template
        return await self.create_database(template=self._templates[prepare])

    async def drop_database(self, dsn: str) -> None:
        """Drop a database and the sessions in it."""
        name = urlsplit(dsn).path.lstrip("/")
        await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def remove(self) -> None:
        """Kill it and forget its data."""
        if self._machine is not None:
            await self._machine.remove()
        if self.disk is not None:
            await asyncio.to_thread(self.disk.unmount)
            await asyncio.to_thread(shutil.rmtree, self.disk.directory, ignore_errors=True)

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


async def given(dsn: str) -> Postgres:
    """Use a server by its address, whose user must be allowed to make databases and roles."""
    server = Postgres(dsn)
    await server.ready()
    return server


async def from_image(image: str, settings: Mapping[str, str]) -> Postgres:
    """Start one from a container image."""
    secret, port = secrets.token_hex(12), free_port()
    # only what every version knows
    known = {"max_connections": "200", "shared_buffers": "64MB", "jit": "off", "fsync": "on", **settings}
    machine = await asyncio.to_thread(
        Container,
        image,
        ports={5432: port},
        environment={"POSTGRES_USER": USER, "POSTGRES_PASSWORD": secret, "POSTGRES_DB": "postgres"},
        command=["postgres", *(part for name, value in known.items() for part in ("-c", f"{name}={value}"))],
    )
    return await _started(Postgres(f"postgresql://{USER}:{secret}@{machine.host}:{port}/postgres", machine))


async def from_wheel(
    settings: Mapping[str, str], *, in_memory: bool = False, disk_megabytes: int | None = None
) -> Postgres:
    """Start one from the programs the embedded default brings, with its settings, on a disk of its own if asked."""
    directory = fresh_directory("postgres", in_memory=in_memory)
    disk = mount(directory, megabytes=disk_megabytes) if disk_megabytes and can_mount() else None
    runner = runner_for(directory / "data")
    binaries = binaries_for(runner)
    await asyncio.to_thread(make_data, directory, binaries, runner)
    port = free_port()
    options = {**embedded.SETTINGS, **OVER_TCP, **settings, "port": str(port)}
    machine = Cluster(
        [binaries / "postgres", "-D", "/proc/self/cwd", *(f"--{name}={value}" for name, value in options.items())],
        cwd=directory / "data",
        log=directory / "server.log",
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        rights=runner.rights,
        stop_signal=signal.SIGINT,  # fast: sessions are cut
    )
    dsn = f"postgresql://{USER}:{password(directory)}@127.0.0.1:{port}/postgres"
    return await _started(Postgres(dsn, machine, disk))


class Cluster(LocalProcess):
    """A PostgreSQL server of this machine."""

    __slots__ = ()

    async def start(self) -> None:
        """Start it; what a kill left behind goes first."""
        await asyncio.to_thread(clear_leftovers, self.cwd)
        await LocalProcess.start(self)

    async def remove(self) -> None:
        """End it at once and remove its data. A kill alone would leave its shared memory in /dev/shm."""
        if self.process is not None and not self.ended():
            self.process.send_signal(signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, QUIT_SECONDS_MAX)
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, Path(self.cwd).parent, ignore_errors=True)


async def _started(server: Postgres) -> Postgres:
    try:
        await server.start()
    except BaseException:
        await server.remove()
        raise
    return server
