"""`make apps-n8n`: a real n8n loads the package and runs a workflow of its nodes against a running Ledgerwire."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.real_n8n import n8n, sign_in
from tests.real_n8n.workflow import ID, NOTE, credentials, workflow
from tests.support import servers
from tests.support.apps.n8n import build
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.machine import say
from tests.support.standalone import standalone

WAIT_SECONDS_MAX: Final = 120.0
LOG: Final = n8n.FOLDER / "n8n.log"


async def main() -> int:
    """Run it all; the exit status."""
    say(f"n8n {n8n.VERSION}: installing into {n8n.FOLDER} (about 2 GB, only the first time)")
    program = await n8n.install()
    await build()
    LOG.write_bytes(b"")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="real-n8n-")))
        postgres = await stack.enter_async_context(servers.postgres())
        dsn, own = await postgres.create_database(), await postgres.create_database()
        running = standalone(folder / "home", LEDGERWIRE_POSTGRES_DSN=own)
        ledgerwire = await stack.enter_async_context(running)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        caller = Caller(session, ledgerwire.url, await ledgerwire.create_account("Baltic Trading OÜ"))
        say(f"Ledgerwire runs at {ledgerwire.url}")
        real = n8n.prepared(program, folder / "n8n", dsn)
        token = caller.made["access_token"]
        say(_last_line(await real.bring("import:credentials", "credentials.json", credentials(ledgerwire.url, token))))
        say(_last_line(await real.bring("import:workflow", "workflow.json", workflow())))
        say(_last_line(await real.command("publish:workflow", f"--id={ID}")))
        await stack.enter_async_context(real.running(LOG))
        say(f"n8n runs at {real.url}")
        await _run(caller)
        await sign_in.run(real, ledgerwire, caller, own)
    say(f"n8n's own log: {LOG}")
    return 0


def _last_line(said: str) -> str:
    """Without the migrations of a fresh database."""
    return said.strip().rpartition("\n")[2]


async def _run(caller: Caller) -> None:
    hooks = await _wait(caller, "/v1/hooks", "the workflow's hook")
    say(f"the trigger node has subscribed: {hooks[0]['triggers']} {hooks[0]['filters']} to {hooks[0]['target_url']}")
    client = await caller.client()
    sale = await caller.sale(client["id"])
    say(f"invoice {sale['number']} is issued")
    notes = await _wait(caller, f"/v1/notes?client_id={client['id']}", "the workflow's note")
    assert (notes[0]["body"], notes[0]["pinned"]) == (f"{NOTE}{sale['number']}.pdf", True), notes[0]
    say(f"the action nodes have downloaded its PDF and added a note: {notes[0]['body']!r}")
    [delivery, *_] = await caller.items(f"/v1/deliveries?hook_id={hooks[0]['id']}")
    say(f"the signed delivery is {delivery['state']}")


async def _wait(caller: Caller, path: str, what: str) -> list[dict[str, Any]]:
    return await eventually(
        lambda: caller.items(path),
        deadline_seconds=WAIT_SECONDS_MAX,
        pause_seconds=0.2,
        describe=lambda: f"{what} is not there; the end of n8n's log:\n{LOG.read_text()[-4000:]}",
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
