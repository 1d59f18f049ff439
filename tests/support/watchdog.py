"""End what the tests started, should they die before doing it themselves: a small process that waits for our death.

It reads what to do from its standard input, whose other end only we hold; the kernel closes that end however we die.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

COMMAND_SECONDS_MAX: Final = 60


class Watchdog:
    """What to do when this process is gone; each wish is withdrawn by its number when it is no longer needed."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, start_new_session=True, cwd="/"
        )

    def kill_after_us(self, pid: int) -> int:
        """Kill a process and its group."""
        return self._send(pid=pid, born=_born(pid))

    def run_after_us(self, *command: str) -> int:
        """Run a command."""
        return self._send(command=command)

    def remove_after_us(self, directory: Path) -> int:
        """Remove a directory, after everything else."""
        return self._send(directory=str(directory))

    def withdraw(self, number: int) -> None:
        """It has been done."""
        self._write({"withdraw": number})

    def _send(self, **wish: Any) -> int:
        number = next(self._numbers)
        self._write({"number": number, **wish})
        return number

    def _write(self, line: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        self._process.stdin.flush()


@cache
def watchdog() -> Watchdog:
    """Give the one of this process."""
    return Watchdog()


def _born(pid: int) -> str:
    """When a process started, in clock ticks since boot: with its id, its identity."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""


def _fulfil(wish: dict[str, Any]) -> None:
    if "pid" in wish and _born(wish["pid"]) == wish["born"] != "":
        with suppress(OSError):
            os.killpg(wish["pid"], signal.SIGKILL)
        with suppress(OSError):
            os.kill(wish["pid"], signal.SIGKILL)
    if "command" in wish:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(wish["command"], check=False, timeout=COMMAND_SECONDS_MAX)
    if "directory" in wish:
        shutil.rmtree(wish["directory"], ignore_errors=True)


def main() -> None:
    """Listen until the other end is closed, then do what was not withdrawn."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wishes: dict[int, dict[str, Any]] = {}
    for line in sys.stdin.buffer:
        reported = json.loads(line)
        if "withdraw" in reported:
            wishes.pop(reported["withdraw"], None)
        else:
            wishes[reported["number"]] = reported
    for wish in sorted(wishes.values(), key=lambda wish: "directory" in wish):
        _fulfil(wish)


if __name__ == "__main__":
    main()
