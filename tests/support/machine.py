"""What a server of the tests runs as, with the same handles on all: here a process, in `container` a container."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import psutil

from tests.support.eventually import eventually
from tests.support.watchdog import watchdog

STOP_SECONDS_MAX: Final = 60.0
MEMORY: Final = "/dev/shm"  # noqa: S108
MEMORY_BYTES_MIN: Final = 4_000_000_000
PORTS: Final = range(20_000, 32_000)  # below what the system gives to outgoing connections, so free again after a kill

_LAST_PORT: Final = Path(tempfile.gettempdir()) / f"ledgerwire-tests-last-port-{os.getuid()}"


class ServersMissing(Exception):
    """A server that the tests need is not there and cannot be started; the message says what to do."""


class Machine(Protocol):
    """A server's body. `start` and `kill` may be repeated; the data stay until `remove`."""

    @property
    def pid(self) -> int:
        """The process id of its first process, as seen from here."""
        ...

    async def start(self) -> None:
        """Start it; it may not answer yet."""
        ...

    async def kill(self) -> None:
        """End it and its children with SIGKILL, as a power cut would, and wait until they are gone."""
        ...

    async def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        ...

    async def remove(self) -> None:
        """Kill it and forget its data."""
        ...

    def ended(self) -> bool:
        """Whether it ended by itself."""
        ...

    def log_tail(self) -> str:
        """The end of what it said."""
        ...


def free_port() -> int:
    """Give a loopback port without a listener, and not again soon: a server may take seconds until it listens on it.

    All test runs of a user take turns through a file, so that two processes never get the same one.
    """
    with _LAST_PORT.open("a+") as turns:
        fcntl.flock(turns, fcntl.LOCK_EX)
        turns.seek(0)
        said = turns.read()
        last = int(said) if said.isdecimal() else secrets.randbelow(len(PORTS))
        while True:
            last += 1
            port = PORTS[last % len(PORTS)]
            with socket.socket() as probe, suppress(OSError):
                probe.bind(("127.0.0.1", port))
                turns.truncate(0)
                turns.write(str(last))
                return port


def running(pid: int) -> bool:
    """Whether a process lives; one that only waits to be buried does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def fresh_directory(name: str, *, in_memory: bool = False) -> Path:
    """Make a directory that goes when we go.

    It is on a disk, where fsync has its price (`/tmp` is memory on many machines), unless the caller asks for memory
    and the machine has enough of it.
    """
    if in_memory and _has_memory():
        parent: str | None = MEMORY
    else:
        parent = None if "TMPDIR" in os.environ or not os.access("/var/tmp", os.W_OK) else "/var/tmp"  # noqa: S108
    directory = Path(tempfile.mkdtemp(prefix=f"lw-{name}-", dir=parent))
    watchdog().remove_after_us(directory)
    return directory


def _has_memory() -> bool:
    """Whether files may be kept in memory: a container's share of it is often 64 MB only."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return False
    return os.access(MEMORY, os.W_OK) and min(free, psutil.virtual_memory().available) > MEMORY_BYTES_MIN


@dataclass(slots=True)
class LocalProcess:
    """A program of this machine, in a process group of its own, that does not outlive us."""

    command: Sequence[str | Path]
    cwd: Path
    log: Path
    environment: Mapping[str, str]
    rights: Mapping[str, Any] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    watched: int = 0

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process is not None, "not started"
        return self.process.pid

    async def start(self) -> None:
        """Start the program; its output goes to the end of the log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220  # returns at once
                self.command,
                cwd=self.cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.rights,
            )
        self.watched = watchdog().kill_after_us(self.pid)

    async def kill(self) -> None:
        """End it and all its children with SIGKILL."""
        if self.process is None:
            return
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            family = [parent, *parent.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        await self._gone()
        await eventually(lambda: not any(running(member.pid) for member in family), deadline_seconds=STOP_SECONDS_MAX)

    async def stop(self) -> None:
        """Ask it to end by its own signal; kill it when it takes too long."""
        if self.process is None or self.ended():
            return
        self.process.send_signal(self.stop_signal)
        try:
            await asyncio.to_thread(self.process.wait, STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            await self.kill()
        await self._gone()

    async def remove(self) -> None:
        """Kill it; its creator removes its directory."""
        await self.kill()

    def ended(self) -> bool:
        """Whether it is gone."""
        return self.process is not None and self.process.poll() is not None

    def log_tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_bytes().decode(errors="replace").splitlines()[-15:]) if self.log.exists() else ""

    async def _gone(self) -> None:
        assert self.process is not None
        await asyncio.to_thread(self.process.wait, STOP_SECONDS_MAX)
        watchdog().withdraw(self.watched)


def say(text: str) -> None:
    """Tell the person in front of the screen what takes its time."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
