"""The embedded server: starts, is shared, comes back with its data whatever was killed, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from embedded_postgres import binaries as embedded_binaries
from embedded_postgres import server as embedded
from tests.support.eventually import eventually

pytestmark = pytest.mark.long

# Another process of ours: says when it has the server, and holds it until its standard input closes.
USER_PROGRAM = """
import asyncio, sys
from pathlib import Path
from embedded_postgres import server as embedded

async def main():
    server = await embedded.start(Path(sys.argv[1]))
    print(server.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()

asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    # a directory that only we may enter, as a home of root's is
    with tempfile.TemporaryDirectory(prefix="lw-home-") as closed:
        yield Path(closed) / "ledgerwire"


@asynccontextmanager
async def another_process(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", USER_PROGRAM, home, stdin=pipe, stdout=pipe)
    assert process.stdout
    assert process.stdin
    assert (await process.stdout.readline()).strip(), "the other process did not get the server"
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def write(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", text)
    await connection.close()


async def read(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["text"] for row in await connection.fetch("SELECT text FROM kept ORDER BY text")]
    finally:
        await connection.close()


async def setting(dsn: str, name: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("SELECT current_setting($1)", name))
    finally:
        await connection.close()


def keeper_pid(home: Path) -> int:
    return int((home / "postgres" / "keeper.lock").read_text())


async def test_data_survive_a_restart(home: Path) -> None:
    first = await embedded.start(home)
    await write(first.dsn, "kept")
    pid = first.pid
    await first.stop()
    assert not psutil.pid_exists(pid)

    again = await embedded.start(home)
    assert await read(again.dsn) == ["kept"]
    await again.stop()


async def test_it_is_durable_private_and_not_on_the_network(home: Path) -> None:
    server = await embedded.start(home)
    try:
        assert await setting(server.dsn, "fsync") == "on"
        assert await setting(server.dsn, "listen_addresses") == ""
        assert await setting(server.dsn, "idle_in_transaction_session_timeout") == "1min"
        assert (home / "postgres" / "password").stat().st_mode & 0o777 == 0o600
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.dsn, password="guessed")
    finally:
        await server.stop()


async def test_processes_share_one_server_and_the_last_one_stops_it(home: Path) -> None:
    async with another_process(home):
        ours = await embedded.start(home)
        pid = ours.pid
        await write(ours.dsn, "shared")
    assert ours.pid == pid, "the other process left, but we still use the server"
    assert await read(ours.dsn) == ["shared"]
    await ours.stop()
    assert not psutil.pid_exists(pid)


async def test_several_that_start_at_once_get_one_server(home: Path) -> None:
    servers = await asyncio.gather(*(embedded.start(home) for _ in range(5)))
    assert len({server.pid for server in servers}) == 1
    await asyncio.gather(*(server.stop() for server in servers))
    await eventually(lambda: not psutil.pid_exists(keeper_pid(home)))


async def test_the_server_goes_when_its_only_user_is_killed(home: Path) -> None:
    async with another_process(home) as other:
        probe = await embedded.start(home)
        await write(probe.dsn, "kept")
        pid = probe.pid
        await probe.stop()
        other.send_signal(signal.SIGKILL)
        await eventually(lambda: not psutil.pid_exists(pid))

    again = await embedded.start(home)
    assert await read(again.dsn) == ["kept"]
    await again.stop()


async def test_a_killed_server_comes_back_while_it_is_used(home: Path) -> None:
    server = await embedded.start(home)
    await write(server.dsn, "kept")
    pid = server.pid
    os.kill(pid, signal.SIGKILL)

    async def comes_back() -> bool:
        try:
            return await read(server.dsn) == ["kept"]
        except (OSError, asyncpg.PostgresError):
            return False

    await eventually(comes_back, deadline_seconds=30)
    assert server.pid != pid
    await server.stop()


async def test_killing_everything_loses_nothing(home: Path) -> None:
    async with another_process(home) as other:
        probe = await embedded.start(home)
        await write(probe.dsn, "kept")
        victims = [keeper_pid(home), probe.pid]
        await probe.stop()
        for victim in [other.pid, *victims]:
            os.kill(victim, signal.SIGKILL)

    again = await embedded.start(home)
    assert await read(again.dsn) == ["kept"]
    await again.stop()


async def test_a_stale_process_id_that_now_belongs_to_another_program_is_no_obstacle(home: Path) -> None:
    first = await embedded.start(home)
    await write(first.dsn, "kept")
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    await first.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))

    again = await embedded.start(home)
    assert await read(again.dsn) == ["kept"]
    await again.stop()


async def test_a_set_up_that_was_cut_short_is_done_again(home: Path) -> None:
    half = home / "postgres" / "new-half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")

    server = await embedded.start(home)
    await server.stop()
    assert not half.exists()


async def test_a_home_with_a_long_name_works(home: Path) -> None:
    server = await embedded.start(home / ("long-" * 30))
    await write(server.dsn, "kept")
    assert await read(server.dsn) == ["kept"]
    await server.stop()


async def test_a_home_that_cannot_be_written_is_named_in_the_error() -> None:
    with pytest.raises(embedded.EmbeddedPostgresError, match=r"/dev/null/home.*LEDGERWIRE_HOME"):
        await embedded.start(Path("/dev/null/home"))


async def test_data_of_another_version_are_refused_and_left_alone(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedPostgresError, match="PostgreSQL 17"):
        await embedded.start(home)
    assert [entry.name for entry in data.iterdir()] == ["PG_VERSION"]


async def test_a_server_that_does_not_start_says_why(home: Path) -> None:
    with pytest.raises(embedded.EmbeddedPostgresError, match="no_such_setting"):
        await embedded.start(home, settings={"no_such_setting": "1"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights up for the server")
async def test_for_root_it_runs_as_an_ordinary_user_from_a_place_that_user_cannot_enter(home: Path) -> None:
    server = await embedded.start(home)
    try:
        assert psutil.Process(server.pid).uids().effective != 0
        assert home.parent.stat().st_mode & 0o077 == 0
    finally:
        await server.stop()


def test_programs_that_an_ordinary_user_cannot_reach_are_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    monkeypatch.setattr(embedded_binaries, "COPY_ROOTS", (home,))
    ours = embedded_binaries.Runner()
    reachable = iter([False, True, True])
    real = embedded_binaries._can_run
    monkeypatch.setattr(embedded_binaries, "_can_run", lambda *reported: next(reachable) and real(*reported))

    binaries = embedded_binaries.binaries_for(ours)

    assert binaries.is_relative_to(home)
    assert {"postgres", "initdb"} <= {entry.name for entry in binaries.iterdir()}
