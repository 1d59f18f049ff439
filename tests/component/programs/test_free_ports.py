"""Ports for servers of the tests: processes that ask at the same time never get the same one."""

from __future__ import annotations

import asyncio
import sys

ASK = "from tests.support.machine import free_port\nprint(*(free_port() for _ in range(200)))"


async def test_processes_that_ask_at_the_same_time_get_different_ports() -> None:
    asking = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", ASK, stdout=asyncio.subprocess.PIPE) for _ in "1234"
    ]
    given = [port for run in asking for port in (await run.communicate())[0].split()]
    assert len(given) == 800
    assert len(set(given)) == 800
