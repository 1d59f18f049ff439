"""The whole house in this process on real Postgres: all services over the bus in it, spoken to over HTTP alone."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

from ingress.access.accounts import create_account
from standalone.all_in_one import open_all, prepare_all
from storage.pool import Pool, open_pool
from tests.support.caller import Caller

LOCAL: Final = "127.0.0.0/8"


@dataclass(slots=True)
class House:
    """A running house: its address, and accounts in it."""

    url: str
    health_url: str
    dsn: str
    pool: Pool
    session: aiohttp.ClientSession
    files: Path

    async def account(self, name: str = "Baltic Trading OÜ", **given: Any) -> Caller:
        """A new account, and a caller that presents its access token."""
        made = await create_account(self.pool, name, **given)
        return Caller(self.session, self.url, made)


@asynccontextmanager
async def open_house(dsn: str, **given: Any) -> AsyncIterator[House]:
    """Prepare an empty database and open everything over it on a free port; private targets may be called."""
    await prepare_all(dsn)
    keys = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    async with AsyncExitStack() as stack:
        files = stack.enter_context(TemporaryDirectory(prefix="ledgerwire-files-"))
        settings = {
            "host": "127.0.0.1", "port": 0, "secret_keys": keys, "egress_allow": LOCAL, "drain_seconds": 10,
            "access_log": False, "files": files,
        }  # fmt: skip
        running = await stack.enter_async_context(open_all(dsn, **(settings | given)))
        pool = await open_pool(dsn, role="ledgerwire_ingress", name="test", size_max=2)
        stack.push_async_callback(pool.close)
        session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=30), connector=aiohttp.TCPConnector(limit=200)
        )
        await stack.enter_async_context(session)
        yield House(running.url, running.health_url, dsn, pool, session, Path(files))
