"""What the processes cost while something is measured: CPU seconds and peak resident memory, by process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import psutil

EVERY_SECONDS = 2.0  # a look at the memory of all processes takes a tenth of a second of one core
MEGABYTE = 1_000_000


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    # What is measured runs below the load: its own process alone is the load.
    return [root] if pid == os.getpid() else [root, *root.children(recursive=True)]


def _cpu_seconds(pid: int) -> float:
    total = 0.0
    for process in _tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if pid != os.getpid():
            # What ended children used counts as well: Postgres forks a process for each connection.
            total += times.children_user + times.children_system
    return total


def _memory(pid: int) -> float:
    total = 0
    for process in _tree(pid):
        try:
            # Shared pages are counted once for a server of many processes.
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / MEGABYTE


@dataclass(slots=True)
class Usage:
    """Watches process trees by name for the length of an `async with`."""

    pids: Mapping[str, int]
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    peak_megabytes: dict[str, float] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.cpu_seconds = {name: -_cpu_seconds(pid) for name, pid in self.pids.items()}
        self.peak_megabytes = memory(self.pids)
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        for name, pid in self.pids.items():
            self.cpu_seconds[name] += _cpu_seconds(pid)

    def cpu_seconds_per_1000(self, done: int) -> dict[str, float]:
        """What a thousand cost, by process, when `done` were done."""
        return {name: round(seconds / done * 1000, 2) for name, seconds in self.cpu_seconds.items()}

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            for name, megabytes in memory(self.pids).items():
                self.peak_megabytes[name] = max(self.peak_megabytes[name], megabytes)


def memory(pids: Mapping[str, int]) -> dict[str, float]:
    """Proportional set size by name, in megabytes."""
    return {name: _memory(pid) for name, pid in pids.items()}
