"""The Zapier app under Zapier's own core, connected to an installation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web

from tests.support import node
from tests.support.apps.program import Program, program

DRIVER: Final = Path(__file__).with_name("zapier.js")


@dataclass(slots=True)
class Zapier:
    """The app with one connection: `auth` is its authentication data."""

    program: Program
    auth: dict[str, str]
    more: dict[str, Any]

    async def run(self, method: str, inputs: dict[str, Any] | None = None, **bundle: Any) -> Any:
        """Run a function of the app, such as `creates.add_note.operation.perform`."""
        event = {
            "command": "execute",
            "method": method,
            "bundle": {"inputData": inputs or {}, "authData": self.auth, "meta": {}} | bundle,
            "cursorTestObj": {},
        }
        return await self.program.ask(event=event | self.more)

    async def create(self, key: str, **inputs: Any) -> dict[str, Any]:
        """Run a create."""
        return dict(await self.run(f"creates.{key}.operation.perform", inputs))

    async def search(self, key: str, **inputs: Any) -> list[dict[str, Any]]:
        """Run a search."""
        return list(await self.run(f"searches.{key}.operation.perform", inputs))

    async def trigger(self, key: str, function: str, inputs: dict[str, Any] | None = None, **bundle: Any) -> Any:
        """Run a function of a trigger."""
        return await self.run(f"triggers.{key}.operation.{function}", inputs, **bundle)


@asynccontextmanager
async def zapier_core(way: str = "token", **variables: str) -> AsyncIterator[Program]:
    """Zapier's core with the app, signing in the given way."""
    await node.packages_of(node.ZAPIER)
    async with program(DRIVER, str(node.ZAPIER), LEDGERWIRE_ZAPIER_AUTH=way, **variables) as running:
        yield running


@dataclass(slots=True)
class FileStore:
    """Where Zapier keeps files: answers the core's calls, and takes what it uploads."""

    url: str = ""
    uploaded: dict[str, bytes] | None = None

    async def rpc(self, request: web.Request) -> web.Response:
        """Give the core a place for a file."""
        asked = orjson.loads(await request.read())
        place = {"url": f"{self.url}/upload", "fields": {"key": "kept/file"}}
        return web.json_response({"id": asked["id"], "result": place})

    async def upload(self, request: web.Request) -> web.Response:
        """Keep a file."""
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        self.uploaded = {file.filename: file.file.read()}
        return web.Response(status=204)


@asynccontextmanager
async def file_store() -> AsyncIterator[FileStore]:
    """Listen on a free port of loopback."""
    store = FileStore()
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_post("/rpc", store.rpc)
    app.router.add_post("/upload", store.upload)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    store.url = site.name
    try:
        yield store
    finally:
        await runner.cleanup()
