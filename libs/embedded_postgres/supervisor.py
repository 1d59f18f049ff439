"""Supervise the embedded server while any process uses it: the small process between Ledgerwire and PostgreSQL.

It runs as a program of its own (standard library only), so that the server outlives neither the last process that uses
it nor this one, however they end. Every user holds a shared lock on one file; the kernel drops it when the user dies.
Getting the exclusive lock therefore means that no user is left, and the server is stopped.

Arguments: data directory, users' lock file, descriptor of the supervisor's own lock, user id and group id to run as
(-1: ours), then the server's command.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

STOP_SECONDS_MAX = 60.0
LEFTOVER_SECONDS_MAX = 30.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def main() -> int:
    """Supervise one server: 0 when its last user left, 1 when it cannot be kept running."""
    data, users, lock_fd, uid, gid, *command = sys.argv[1:]
    _step_aside(int(lock_fd))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # signals meant for the users; this process ends with the last of them
    keeper = Keeper(Path(data), command, int(uid), int(gid))
    threading.Thread(target=keeper.stop_when_unused, args=(users,), daemon=True).start()
    kept = keeper.run()
    os.close(int(lock_fd))  # before the users' lock is released: the next holder must see that no supervisor is left
    return 0 if kept else 1


def _step_aside(lock_fd: int) -> None:
    """Detach from the parent process, and write the own process id into the supervisor's lock file."""
    child = os.fork()
    if child:
        os.ftruncate(lock_fd, 0)
        os.pwrite(lock_fd, str(child).encode(), 0)
        os._exit(0)


class Keeper:
    """One data directory and the server on it."""

    def __init__(self, data: Path, command: list[str], uid: int, gid: int) -> None:
        self._data = data
        self._command = command
        self._uid = uid if uid >= 0 else None
        self._gid = gid if gid >= 0 else None
        self._server: subprocess.Popen[bytes] | None = None
        self._unused = threading.Event()

    def run(self) -> bool:
        """Run the server until no process uses it; True when it ended for that reason.

        A killed server is restarted. One that exited on its own is not: its log has the reason.
        """
        while not self._unused.is_set():
            clear_leftovers(self._data)
            self._server = self._start()
            if self._unused.is_set():  # it became unused while the server was not running
                self._server.send_signal(signal.SIGINT)
            self._server.wait()
            if not self._unused.is_set() and not _was_ready(self._data):
                return False
        return True

    def stop_when_unused(self, users: str) -> None:
        """Wait for the last user to leave, then stop the server: fast, and in the end by force."""
        fd = os.open(users, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)  # never released: the next starter waits until this process has ended
        self._unused.set()
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server = self._server
            if server is None:
                return
            server.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                server.wait(STOP_SECONDS_MAX)
                return

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # the command is ours
            self._command,
            cwd=self._data,
            stdin=subprocess.DEVNULL,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
            preexec_fn=_die_with_keeper,  # noqa: PLW1509  # one system call; our other thread only waits for a lock
        )


def _die_with_keeper() -> None:
    """Have the kernel send the server a fast shutdown if the supervisor is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def clear_leftovers(data: Path) -> None:
    """Stop a server that a killed supervisor left behind, and remove its stale lock files.

    PostgreSQL itself refuses to start beside a running server. But it also refuses when an unrelated process of the
    same user has the id of a stale file, which is common where ids start at 1, as in containers.
    """
    ends = time.monotonic() + LEFTOVER_SECONDS_MAX
    while left := _working_in(data):
        is_past_deadline = time.monotonic() > ends
        for pid in left if is_past_deadline else left & {_first_number(data / "postmaster.pid")}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if is_past_deadline else signal.SIGINT)
        time.sleep(0.05)
    for lock_file in (data / "postmaster.pid", data / ".s.PGSQL.5432.lock"):
        if pid := abs(_first_number(lock_file)):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, 0)
                lock_file.unlink()


def _was_ready(data: Path) -> bool:
    """Whether the last server was ready and did not shut down: its process id file says so."""
    try:
        return "ready" in (data / "postmaster.pid").read_text()
    except OSError:
        return False


def _working_in(data: Path) -> set[int]:
    """Processes whose working directory is the data directory: a server and its children, nothing else."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if (entry / "cwd").samefile(data) and (entry / "exe").readlink().name.startswith("postgres"):
                    found.add(int(entry.name))
    return found


def _first_number(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    sys.exit(main())
