"""`pg_dump` and `psql`: those of the embedded server's package, else those of the machine."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from embedded_postgres.binaries import EmbeddedPostgresError, Runner, binaries_for
from standalone.backup.archive import BackupError

ERROR_CHARS_MAX: Final = 500  # the end of what a program said fits on a screen
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")

SCHEMAS: Final = (
    "storage", "bus", "ingress", "ingress_api", "ledger", "ledger_api", "dispatch", "dispatch_api", "execution",
    "execution_api",
)  # fmt: skip
"""Everything of an installation; other schemas of a shared database are left alone."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database as command-line programs take it: its address without the password, and the environment with it."""

    address: str
    environment: dict[str, str]

    @classmethod
    def of(cls, dsn: str) -> Target:
        """Take the password out of the address: others may read the arguments of a process."""
        parts = urlsplit(dsn)
        if parts.password is None:
            return cls(dsn, dict(os.environ))
        user, _, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}@{host}"
        environment = os.environ | {"PGPASSWORD": unquote(parts.password)}
        return cls(urlunsplit(parts._replace(netloc=netloc)), environment)


def find_program(name: str, *, server_major: int) -> Path:
    """Find a program that is at least as new as the server.

    Raises:
        BackupError: there is none.
    """
    candidates = []
    with suppress(EmbeddedPostgresError):
        candidates.append(binaries_for(Runner()) / name)
    if found := shutil.which(name):
        candidates.append(Path(found))
    for path in candidates:
        if path.exists() and _major_of(path) >= server_major:
            return path
    raise BackupError(
        f"no {name} for PostgreSQL {server_major} here: install its client programs, or back up with your provider's"
    )


def _major_of(program: Path) -> int:
    ran = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    match = _VERSION.search(ran.stdout)
    return int(match[1]) if match else 0


@asynccontextmanager
async def run_program(arguments: list[str], target: Target, *, writes: bool) -> AsyncIterator[RunningProgram]:
    """Run a program for the block, which reads what it `writes` or feeds it; at the block's end it is gone."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *arguments, env=target.environment, stderr=pipe,
        stdin=asyncio.subprocess.DEVNULL if writes else pipe, stdout=pipe if writes else asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    errors = asyncio.create_task(cast("asyncio.StreamReader", process.stderr).read())
    try:
        yield RunningProgram(process, errors)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await errors


class RunningProgram:
    """A program and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, errors: asyncio.Task[bytes]) -> None:
        self._process, self._errors = process, errors

    @property
    def output(self) -> asyncio.StreamReader:
        """What it writes."""
        return cast("asyncio.StreamReader", self._process.stdout)

    @property
    def input(self) -> asyncio.StreamWriter:
        """What it reads."""
        return cast("asyncio.StreamWriter", self._process.stdin)

    async def require_success(self, otherwise: str) -> None:
        """Wait for its end.

        Raises:
            BackupError: it failed; the message begins with `otherwise` and ends with what it said.
        """
        if await self._process.wait():
            stderr_text = (await self._errors).decode(errors="replace").strip()[-ERROR_CHARS_MAX:]
            raise BackupError(f"{otherwise}: {stderr_text}")


def dump_arguments(program: Path, target: Target, *, snapshot: str) -> list[str]:
    """The command that writes a snapshot's dump to its standard output."""
    wanted = [f"--schema={name}" for name in SCHEMAS]
    return [
        str(program), f"--dbname={target.address}", "--format=plain", f"--snapshot={snapshot}",
        "--no-owner", "--no-comments", "--lock-wait-timeout=60000", *wanted,
    ]  # fmt: skip


def restore_arguments(program: Path, target: Target) -> list[str]:
    """The command that restores a dump from its standard input, all of it or nothing."""
    return [
        str(program), f"--dbname={target.address}", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1",
        "--single-transaction", "--file=-",
    ]  # fmt: skip
