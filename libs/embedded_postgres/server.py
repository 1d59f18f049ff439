"""Start or join the embedded PostgreSQL, which `ledgerwire up` uses where no server is configured.

One server a data directory, in `<home>/postgres`, shared by every Ledgerwire process on that directory and stopped when
the last of them leaves or dies (by `supervisor`). It listens on a Unix socket in its data directory only, and requires
a password that is stored, readable by the owner alone, beside it.

start.lock held while a process decides whether to start or to stop users.lock held shared by each process that uses the
server, for as long as it does keeper.lock held by the keeper, whose process id it contains password made once data the
data directory; it appears whole or not at all server.log the server's log
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from embedded_postgres.binaries import EmbeddedPostgresError, binaries_for, runner_for
from embedded_postgres.data import USER, check_version, make_data, open_private, password

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "start"]

DATABASE: Final = "ledgerwire"
KEEPER: Final = Path(__file__).with_name("supervisor.py")
LOG_BYTES_MAX: Final = 5 * 1024 * 1024
STOP_SECONDS_MAX: Final = 90.0
SOCKET_PATH_BYTES_MAX: Final = 107  # sockaddr_un on Linux
PAUSE_SECONDS: Final = 0.02

SETTINGS: Final[Mapping[str, str]] = {
    "cluster_name": "ledgerwire",
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    # two cores and little memory
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "effective_cache_size": "512MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "jit": "off",
    "io_method": "sync",  # three processes fewer
    "max_logical_replication_workers": "0",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    # few and calm checkpoints, bounded room on the disk
    "wal_buffers": "8MB",
    "min_wal_size": "64MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    # queues in tables live from eager vacuuming and short transactions
    "autovacuum_naptime": "15s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """A server that this process uses, until `stop`."""

    def __init__(self, directory: Path, users_fd: int, dsn: str, link: Path | None) -> None:
        self.dsn: Final = dsn
        """The address for asyncpg, its user the owner of everything; contains the password."""
        self._directory = directory
        self._users_fd = users_fd
        self._link = link

    @property
    def pid(self) -> int:
        """The server's process id now."""
        return int((self._directory / "data" / "postmaster.pid").read_text().split("\n", 1)[0])

    async def stop(self) -> None:
        """Leave the server; when no other process uses it, wait until it has shut down (bounded). Idempotent."""
        if self._users_fd < 0:
            return
        users_fd, self._users_fd = self._users_fd, -1
        start_fd = await _locked(self._directory / "start.lock", fcntl.LOCK_EX, STOP_SECONDS_MAX)
        try:
            fcntl.flock(users_fd, fcntl.LOCK_UN)
            if not _others_use_it(users_fd):
                keeper_fd = await _locked(self._directory / "keeper.lock", fcntl.LOCK_EX, STOP_SECONDS_MAX)
                os.close(keeper_fd)
        finally:
            os.close(users_fd)
            os.close(start_fd)
            if self._link is not None:
                shutil.rmtree(self._link.parent, ignore_errors=True)


async def start(
    home: Path, *, settings: Mapping[str, str] | None = None, deadline_seconds: float = 120.0
) -> EmbeddedPostgres:
    """Start the server of `home`, or join it when another Ledgerwire process already runs it.

    `settings` are added to ours and count only for who starts the server. The deadline is long because a server that
    was killed reads its log again first; without that it takes about half a second.

    Raises:
        EmbeddedPostgresError: the home cannot be written, holds data of another version, or the server does not start.
    """
    try:
        directory = _directory_of(home)
        users_fd = await _kept(directory, settings or {}, deadline_seconds)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the data directory {home} cannot be used ({error}): let LEDGERWIRE_HOME or --home name one of yours"
        ) from error
    link = _short_way(directory / "data")
    server = EmbeddedPostgres(directory, users_fd, _dsn(directory, link or directory / "data", DATABASE), link)
    try:
        await _until_ready(directory, server.dsn, time.monotonic() + deadline_seconds)
    except BaseException:
        await server.stop()
        raise
    return server


async def _kept(directory: Path, settings: Mapping[str, str], deadline_seconds: float) -> int:
    """Take the users' lock and start a supervisor if there is none; return the lock's descriptor."""
    start_fd = await _locked(directory / "start.lock", fcntl.LOCK_EX, deadline_seconds)
    try:
        users_fd = await _locked(directory / "users.lock", fcntl.LOCK_SH, deadline_seconds)
        keeper_fd = open_private(directory / "keeper.lock")
        try:
            if _try_lock(keeper_fd, fcntl.LOCK_EX):
                await asyncio.to_thread(_start_keeper, directory, keeper_fd, settings)
        except BaseException:
            os.close(users_fd)
            raise
        finally:
            os.close(keeper_fd)  # a supervisor that was started holds the lock with its own copy
        return users_fd
    finally:
        os.close(start_fd)


def _start_keeper(directory: Path, keeper_fd: int, settings: Mapping[str, str]) -> None:
    data = directory / "data"
    runner = runner_for(data)
    binaries = binaries_for(runner)
    if not data.exists():
        make_data(directory, binaries, runner)
    check_version(data)
    log = directory / "server.log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))
    keeper: list[str | Path] = [sys.executable, "-I", "-S", KEEPER, data, directory / "users.lock", str(keeper_fd)]
    rights = [str(-1 if part is None else part) for part in (runner.uid, runner.gid)]
    # `/proc/self/cwd` because the server's user may not be able to walk there by the path's name
    server: list[str | Path] = [binaries / "postgres", "-D", "/proc/self/cwd"]
    options = [f"--{name}={value}" for name, value in {**SETTINGS, **settings}.items()]
    log_fd = open_private(log, os.O_APPEND)
    try:
        subprocess.run(  # noqa: S603  # our own program
            [*keeper, *rights, *server, *options],
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=log_fd,
            pass_fds=[keeper_fd],
            start_new_session=True,
            check=True,
            timeout=30,
        )
    finally:
        os.close(log_fd)


async def _until_ready(directory: Path, dsn: str, ends: float) -> None:
    """Wait until the database answers; make it when it is not there yet."""
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=10)
        except asyncpg.InvalidCatalogNameError:
            await _make_database(dsn)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            if not _keeper_lives(directory):
                raise EmbeddedPostgresError(_why(directory, "did not start")) from None
            if time.monotonic() > ends:
                raise EmbeddedPostgresError(_why(directory, "is not ready in time")) from None
            await asyncio.sleep(PAUSE_SECONDS)
        except asyncpg.PostgresError as error:
            raise EmbeddedPostgresError(_why(directory, f"refuses connections ({error})")) from error
        else:
            await connection.close()
            return


async def _make_database(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, database="postgres", timeout=10)
    try:
        with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another process was faster
            await connection.execute("CREATE DATABASE ledgerwire")
    finally:
        await connection.close()


def _keeper_lives(directory: Path) -> bool:
    try:
        os.kill(int((directory / "keeper.lock").read_text()), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:  # of another user, so alive
        return True
    return True


def _why(directory: Path, what: str) -> str:
    log = directory / "server.log"
    last = log.read_text(errors="replace").splitlines()[-5:]
    return "\n  ".join([f"the embedded PostgreSQL {what}; the end of {log}:", *last])


def _directory_of(home: Path) -> Path:
    directory = home.expanduser().absolute() / "postgres"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


async def _locked(path: Path, kind: int, deadline_seconds: float) -> int:
    """Open a file and lock it; closing the descriptor, or the process's end, releases it."""
    fd = open_private(path)
    try:
        async with asyncio.timeout(deadline_seconds):
            while not _try_lock(fd, kind):  # noqa: ASYNC110  # the system does not notify of another process's lock
                await asyncio.sleep(PAUSE_SECONDS)  # a wait in the kernel could not be abandoned
    except TimeoutError:
        os.close(fd)
        raise EmbeddedPostgresError(f"another process has held {path} for over {deadline_seconds:.0f} s") from None
    except BaseException:
        os.close(fd)
        raise
    return fd


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _others_use_it(users_fd: int) -> bool:
    """Whether another process uses the server; called under `start.lock`, after releasing the own share.

    If neither lock is free, the supervisor has the exclusive one, so no user is left.
    """
    if _try_lock(users_fd, fcntl.LOCK_EX):
        fcntl.flock(users_fd, fcntl.LOCK_UN)
        return False
    shared = _try_lock(users_fd, fcntl.LOCK_SH)
    fcntl.flock(users_fd, fcntl.LOCK_UN)
    return shared


def _short_way(data: Path) -> Path | None:
    """Give a short link to a data directory whose socket's path would be too long for the system, else None."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES_MAX:
        return None
    link = Path(tempfile.mkdtemp(prefix="ledgerwire-")) / "pg"
    link.symlink_to(data)
    return link


def _dsn(directory: Path, socket_directory: Path, database: str) -> str:
    return f"postgresql://{USER}:{password(directory)}@/{database}?host={quote(str(socket_directory), safe='/')}"
