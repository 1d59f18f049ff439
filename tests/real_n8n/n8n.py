"""A real n8n from npm in an ignored folder, with our package among its community nodes."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from tests.support import node
from tests.support.eventually import eventually
from tests.support.machine import free_port

VERSION: Final = "2.41.1"
FOLDER: Final = node.ROOT / ".cache" / "n8n"
INSTALL_SECONDS_MAX: Final = 3_600.0
COMMAND_SECONDS_MAX: Final = 600.0
READY_SECONDS_MAX: Final = 600.0
PACKAGE: Final = "n8n-nodes-ledgerwire"


async def install() -> Path:
    """Install the pinned n8n, unless it is there whole; give its program."""
    program = FOLDER / "node_modules" / "n8n" / "bin" / "n8n"
    installed = FOLDER / "installed.txt"  # written last: an installation that was cut off is done again
    if installed.exists() and installed.read_text() == VERSION:
        return program
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = {"name": "real-n8n", "private": True, "dependencies": {"n8n": VERSION}}
    (FOLDER / "package.json").write_text(json.dumps(wanted))
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    await node.run(node.NPM, "install", *options, cwd=FOLDER, seconds_max=INSTALL_SECONDS_MAX)
    installed.write_text(VERSION)
    return program


@dataclass(slots=True)
class RealN8n:
    """An n8n with a database and a user's folder of its own."""

    program: Path
    folder: Path
    environment: dict[str, str]
    port: int

    async def command(self, *arguments: str) -> str:
        """Run a command of n8n."""
        return await node.run(
            self.program, *arguments, cwd=self.folder, seconds_max=COMMAND_SECONDS_MAX, **self.environment
        )

    async def bring(self, command: str, name: str, things: list[dict[str, Any]]) -> str:
        """Import credentials or workflows."""
        file = self.folder / name
        file.write_text(json.dumps(things))
        return await self.command(command, f"--input={file}")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self, log: Path) -> AsyncIterator[None]:
        """Start it for a block, what it says going to `log`."""
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                node.NODE, self.program, "start", cwd=self.folder, env=node.environment(**self.environment),
                stdout=out, stderr=out,
            )  # fmt: skip
        try:
            await self._ready(process, log)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), COMMAND_SECONDS_MAX)

    async def _ready(self, process: asyncio.subprocess.Process, log: Path) -> None:
        async def answers() -> bool:
            assert process.returncode is None, f"n8n ended, see {log}"
            with suppress(aiohttp.ClientError):
                async with session.get(f"{self.url}/healthz/readiness") as answer:
                    return answer.status == HTTPStatus.OK
            return False

        async with aiohttp.ClientSession() as session:
            await eventually(answers, deadline_seconds=READY_SECONDS_MAX, pause_seconds=0.5)


def prepared(program: Path, folder: Path, dsn: str) -> RealN8n:
    """Lay our package where n8n keeps community nodes, and point it to a database of its own."""
    place = folder / ".n8n" / "nodes" / "node_modules" / PACKAGE
    place.mkdir(parents=True)
    shutil.copy(node.N8N / "package.json", place)
    shutil.copytree(node.N8N / "dist", place / "dist")
    database, port = urlsplit(dsn), free_port()
    environment = {
        "N8N_USER_FOLDER": str(folder),
        "N8N_PORT": str(port),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_SECURE_COOKIE": "false",
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/",
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": database.hostname or "127.0.0.1",
        "DB_POSTGRESDB_PORT": str(database.port or 5432),
        "DB_POSTGRESDB_DATABASE": database.path.lstrip("/"),
        "DB_POSTGRESDB_USER": database.username or "postgres",
        "DB_POSTGRESDB_PASSWORD": database.password or "",
    }
    return RealN8n(program, folder, environment, port)
