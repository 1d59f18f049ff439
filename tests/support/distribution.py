"""Install what tests need from the machine's distribution, where that is ours to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from typing import Final

SECONDS_MAX: Final = 900


async def install(name: str, script: str, progress: Callable[[str], None], *, seconds_max: float = SECONDS_MAX) -> bool:
    """Run a shell script of `apt-get` as root; whether it went well."""
    if shutil.which("apt-get") is None:
        return False
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become and (shutil.which("sudo") is None or await _status("sudo", "-n", "true")):
        return False
    progress(f"{name} is not on this machine: installing it with apt-get (a minute or two) ...")
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds_max):
            status = await _status(*become, "sh", "-c", script)
    except TimeoutError:
        status = 1
    progress(f"apt-get ended with status {status} after {time.monotonic() - began:.0f} s")
    return status == 0


async def _status(*command: str) -> int:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet)
    return await process.wait()
