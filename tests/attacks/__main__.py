"""`make attacks`: run each attack against the embedded default; print memory and another account's latency beside it.

Exit status 1 when the instance exceeded its memory, another account's p99 its bound, or the instance did not answer.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import aiohttp

from tests.attacks.inputs import ATTACKS, Attacker
from tests.attacks.observer import Observation, observing, resident_mib
from tests.support.ending import until_signalled
from tests.support.standalone import Standalone, standalone

MEMORY_MIB_MAX = 300
P99_MS_MAX = 500
QUIET_SECONDS = 5.0
ATTACK_SECONDS_MAX = 180.0


async def open_attacker(running: Standalone, session: aiohttp.ClientSession) -> Attacker:
    """Make an account with a hook channel and a direct channel, and another one like it."""
    who = await _open_account(running, session)
    who.other = await _open_account(running, session)
    return who


async def _open_account(running: Standalone, session: aiohttp.ClientSession) -> Attacker:
    made = await running.create_account("Attacker")
    who = Attacker(running.url, session, made["access_token"])
    hook = await who.made("/v1/channels", {"kind": "hook", "name": "h"})
    direct = await who.made("/v1/channels", {"kind": "direct", "name": "d"})
    who.hook_url, who.direct_url = hook["url"], direct["url"]
    return who


async def run(names: list[str]) -> int:
    """Run these attacks, one after the other, each by an account of its own; answer the exit status."""
    failed = False
    timeout = aiohttp.ClientTimeout(total=120)
    with tempfile.TemporaryDirectory(prefix="lw-attacks-") as folder:
        async with standalone(Path(folder) / "home") as running:
            quiet = await running.create_account("Quiet")
            print(f"{'attack':28} {'p99 ms':>8} {'failed':>7} {'peak MiB':>9} {'after':>6}  answers", flush=True)
            for name in ["nothing", *names]:
                async with aiohttp.ClientSession(running.url, timeout=timeout) as session:
                    who = await open_attacker(running, session)
                    async with observing(running.url, quiet["access_token"], running.pid) as seen:
                        answers = await _attack(name, who)
                        await asyncio.sleep(1)
                failed |= _exceeds(seen)
                print(_row(name, seen, resident_mib(running.pid), answers), flush=True)
    return int(failed)


async def _attack(name: str, who: Attacker) -> str:
    if name == "nothing":
        await asyncio.sleep(QUIET_SECONDS)
        return ""
    try:
        return await asyncio.wait_for(ATTACKS[name](who), ATTACK_SECONDS_MAX)
    except TimeoutError:
        return f"did not end within {ATTACK_SECONDS_MAX:g} s"


def _exceeds(seen: Observation) -> bool:
    return bool(seen.failures) or seen.p99_ms > P99_MS_MAX or seen.peak_mib > MEMORY_MIB_MAX


def _row(name: str, seen: Observation, after_mib: float, answers: str) -> str:
    mark = " (!)" if _exceeds(seen) else ""
    first = f"; first failure: {seen.failures[0]}" if seen.failures else ""
    figures = f"{seen.p99_ms:8.1f} {len(seen.failures):7} {seen.peak_mib:9.1f} {after_mib:6.0f}"
    return f"{name:28} {figures}  {answers}{first}{mark}"


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ATTACKS, []], help="attacks to run (default: all)")
    return asyncio.run(until_signalled(run(parser.parse_args().names or list(ATTACKS))))


if __name__ == "__main__":
    sys.exit(main())
