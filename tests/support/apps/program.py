"""A program of Node.js that answers a line of JSON with a line of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.support import node

ANSWER_SECONDS_MAX: Final = 60.0
LINE_BYTES_MAX: Final = 32 * 1024 * 1024


class AppError(Exception):
    """The app refused: `name` is the error's class, the message what its user reads."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Program:
    """A running program; one question at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._count = 0

    async def ask(self, **question: Any) -> Any:
        """Ask, and give the results.

        Raises:
            AppError: the app ended in an error.
        """
        self._count += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"id": self._count} | question).encode() + b"\n")
        while True:
            line = await asyncio.wait_for(stdout.readline(), ANSWER_SECONDS_MAX)
            assert line, "the program ended"
            if not line.startswith(b'{"id":'):
                continue  # what the app logs
            answer = json.loads(line)
            assert answer["id"] == self._count
            if "error" in answer:
                raise AppError(answer["error"]["name"], answer["error"]["message"])
            return answer["results"]


@asynccontextmanager
async def program(script: Path, *arguments: str, **variables: str) -> AsyncIterator[Program]:
    """Start a program for a block, and end it."""
    process = await asyncio.create_subprocess_exec(
        node.NODE, script, *arguments, env=node.environment(**variables), limit=LINE_BYTES_MAX,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Program(process)
    finally:
        process.kill()
        await process.wait()
