"""Fill inputs in: paths at once, everything else in worker processes that are killed when they take too long.

Whatever a template does, it does to a worker: this process keeps answering, heeds signals, and starts another one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from templates.filling import Filled, TemplateFault, fill, is_plain
from templates.render_worker import LENGTH, PROCESSOR_SECONDS_MAX

LETTERS_MAX: Final = 200  # of one request: its answer comes within milliseconds, and is a few MB at most
WORKERS_MAX: Final = 2  # one account can occupy one; the other serves the rest
ANSWER_SECONDS_MAX: Final = 20.0  # far above the limit of processor time, for a machine with no time to give
FREE_WORKER_SECONDS_MAX: Final = 10.0  # below a run's lease, together with the above
_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "TZ")  # no secrets


class WorkerKilled(Exception):
    """The templates ended their worker; the message says how."""


class NoWorker(Exception):
    """All workers are taken."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Texts that are rendered together over the same names."""

    texts: Mapping[str, str]
    names: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a letter: its texts, or why there are none."""

    texts: Mapping[str, str] | None = None
    fault: str | None = None


class Renderer:
    """The template workers of one process, started when they are needed."""

    def __init__(self) -> None:
        self._idle: list[asyncio.subprocess.Process] = []
        self._busy: set[UUID] = set()  # accounts: each has one worker at a time
        self._changed = asyncio.Condition()

    async def fill(self, account_id: UUID, value: Any, names: Mapping[str, Any]) -> Filled:
        """Fill in every template inside a JSON value.

        Raises:
            TemplateFault: it cannot be filled in.
            WorkerKilled: it took more time or memory than there is.
            NoWorker: it has not begun; ask again in a moment.
        """
        if is_plain(value):
            return fill(value, names)
        answer = await self._answered(account_id, orjson.dumps({"value": value, "names": names}))
        if "fault" in answer:
            raise TemplateFault(answer["fault"])
        return Filled(answer["value"], answer["warnings"])

    async def render(self, account_id: UUID, letters: Sequence[Letter]) -> list[Rendered]:
        """Render an account's letters, in which no output may be empty; a fault is that letter's alone.

        Raises:
            NoWorker: none has begun; ask again in a moment.
        """
        made: list[Rendered] = []
        while len(made) < len(letters):
            made += await self._render_some(account_id, letters[len(made) : len(made) + LETTERS_MAX])
        return made

    async def _render_some(self, account_id: UUID, letters: Sequence[Letter]) -> list[Rendered]:
        """Render some of these, from the first on: at least one."""
        request = orjson.dumps({"many": [{"texts": one.texts, "names": one.names} for one in letters]})
        try:
            answer = await self._answered(account_id, request)
        except WorkerKilled as killed:
            if len(letters) == 1:
                return [Rendered(fault=str(killed))]
            return await self._render_some(account_id, letters[: len(letters) // 2])
        return [Rendered(one.get("texts"), one.get("fault")) for one in answer["many"]]

    async def stop(self) -> None:
        """End the workers that are idle; one at work ends with the task that waits for it."""
        for worker in self._idle:
            await _end(worker)
        self._idle.clear()

    async def _answered(self, account_id: UUID, request: bytes) -> dict[str, Any]:
        await self._wait_for_place(account_id)
        try:
            return await self._ask(request)
        finally:
            async with self._changed:
                self._busy.discard(account_id)
                self._changed.notify_all()

    async def _wait_for_place(self, account_id: UUID) -> None:
        def is_free() -> bool:
            return len(self._busy) < WORKERS_MAX and account_id not in self._busy

        try:
            async with asyncio.timeout(FREE_WORKER_SECONDS_MAX), self._changed:
                await self._changed.wait_for(is_free)
                self._busy.add(account_id)
        except TimeoutError:
            raise NoWorker from None

    async def _ask(self, request: bytes) -> dict[str, Any]:
        worker = self._idle.pop() if self._idle else await _start()
        answer = None
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                answer = await _exchange(worker, request)
        except TimeoutError:
            raise WorkerKilled(f"its templates were not filled in within {ANSWER_SECONDS_MAX:g} s") from None
        except (OSError, asyncio.IncompleteReadError):
            raise WorkerKilled(_last_words(await worker.wait())) from None
        finally:
            if answer is None:
                await _end(worker)
        self._idle.append(worker)
        return answer


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "templates.render_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # a Ctrl-C is for this process, which ends its workers itself
    )


async def _exchange(worker: asyncio.subprocess.Process, request: bytes) -> dict[str, Any]:
    assert worker.stdin is not None  # noqa: S101  both are pipes
    assert worker.stdout is not None  # noqa: S101
    worker.stdin.write(LENGTH.pack(len(request)) + request)
    await worker.stdin.drain()
    (length,) = LENGTH.unpack(await worker.stdout.readexactly(LENGTH.size))
    answer: dict[str, Any] = orjson.loads(await worker.stdout.readexactly(length))
    return answer


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        worker.kill()
        await worker.wait()


def _last_words(status: int) -> str:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"its templates take more than {PROCESSOR_SECONDS_MAX} s of processor time"
    return f"its templates ended their worker with status {status}"
