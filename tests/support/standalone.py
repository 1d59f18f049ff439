"""`ledgerwire up` as a process of its own, as a user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS_MAX = 200.0  # 10 s on an idle machine; tests that share two processors have seen 90


@dataclass(slots=True)
class Standalone:
    """A running `ledgerwire up`."""

    url: str
    home: Path
    process: asyncio.subprocess.Process
    environment: dict[str, str]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def create_account(self, name: str, *more: str) -> dict[str, Any]:
        """`ledgerwire account create`, beside it."""
        return await self._create("account", name, *more)

    async def create_oauth_client(self, name: str, redirect_uri: str) -> dict[str, Any]:
        """`ledgerwire oauth-client create`, beside it, for a confidential client."""
        return await self._create("oauth-client", name, "--redirect-uri", redirect_uri, "--confidential")

    async def _create(self, kind: str, name: str, *more: str) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "standalone.cli", kind, "create", name, "--home", str(self.home), *more,
            env=self.environment, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        reported, _ = await asyncio.wait_for(process.communicate(), START_SECONDS_MAX)
        assert process.returncode == 0
        return dict(json.loads(reported))

    async def stop(self) -> int:
        """SIGINT, as Ctrl-C sends it; answer the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        return await asyncio.wait_for(self.process.wait(), START_SECONDS_MAX)


async def start_standalone(
    home: Path, *, errors: Path | None = None, module: str = "standalone.cli", **more: str
) -> Standalone:
    """Start it on a free port over `home` and wait for its ready line; what it reports goes to `errors`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    environment = own | {"LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8"} | more
    with errors.open("wb") if errors else nullcontext() as reports:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, "up", "--port", "0", "--home", str(home),
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=reports,
        )  # fmt: skip
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), START_SECONDS_MAX)).decode()
    match = re.fullmatch(r"ready (http://\S+)\n", line)
    assert match, f"said {line!r} instead of being ready"
    return Standalone(match[1], home, process, environment)


@asynccontextmanager
async def standalone(home: Path, *, module: str = "standalone.cli", **more: str) -> AsyncIterator[Standalone]:
    """A running one for a block, of another program than `ledgerwire` if one is named; its exit status must be 0."""
    running = await start_standalone(home, errors=None, module=module, **more)
    try:
        yield running
    finally:
        status = await running.stop()
    assert status == 0


@asynccontextmanager
async def standalone_with_errors(home: Path) -> AsyncIterator[tuple[Standalone, Callable[[], str]]]:
    """A running one for a block, and what it has reported on standard error."""
    errors = home / "reported"
    running = await start_standalone(home, errors=errors)
    try:
        yield running, lambda: errors.read_text(encoding="utf-8")
    finally:
        status = await running.stop()
    assert status == 0
