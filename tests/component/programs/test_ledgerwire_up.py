"""`ledgerwire up` as a user meets it when something is not as it should be: one sentence, and an exit status."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres
from tests.support.standalone import standalone, start_standalone

pytestmark = pytest.mark.long

SECONDS_MAX = 60


async def ledgerwire(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run the command to its end: exit status, standard output, standard error."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standalone.cli", *arguments,
        env=own | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), SECONDS_MAX)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_second_one_on_the_same_home_says_who_runs_there(tmp_path: Path) -> None:
    async with standalone(tmp_path) as first:
        status, out, err = await ledgerwire("up", "--port", "0", "--home", str(tmp_path))
        assert (status, out) == (2, "")
        assert f"{tmp_path} is in use already, by process {first.pid} {first.url}" in err
        async with aiohttp.ClientSession() as session, session.get(f"{first.url}/openapi.json") as answer:
            assert answer.status == 200


async def test_a_killed_one_leaves_its_home_to_the_next(tmp_path: Path) -> None:
    first = await start_standalone(tmp_path)
    made = await first.create_account("Baltic Trading OÜ")
    first.process.send_signal(signal.SIGKILL)
    await first.process.wait()
    bearer = {"Authorization": f"Bearer {made['access_token']}"}
    async with (
        standalone(tmp_path) as second,
        aiohttp.ClientSession(headers=bearer) as session,
        session.get(f"{second.url}/v1/me") as me,
    ):
        assert (await me.json())["account"]["name"] == "Baltic Trading OÜ"


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, out, err = await ledgerwire("up", "--port", str(port), "--home", str(tmp_path))
    assert (status, out) == (2, "")
    assert f"port {port} of 127.0.0.1 is used by another program" in err


async def test_a_missing_database_is_reported_without_its_password(tmp_path: Path) -> None:
    dsn = "postgresql://somebody:s3cr3t@127.0.0.1:1/nowhere"
    status, _, err = await ledgerwire("up", "--port", "0", "--home", str(tmp_path), LEDGERWIRE_POSTGRES_DSN=dsn)
    assert status == 2
    assert "LEDGERWIRE_POSTGRES_DSN: this database cannot be used" in err
    assert "s3cr3t" not in err


async def test_an_address_in_a_file_counts_like_one_in_the_environment(tmp_path: Path, postgres: Postgres) -> None:
    dsn = await postgres.create_database()
    file = tmp_path / "dsn"
    file.write_text(f"{dsn}\n")
    home = tmp_path / "home"
    status, _, err = await ledgerwire(
        "account", "create", "Books", "--home", str(home), LEDGERWIRE_POSTGRES_DSN_FILE=str(file)
    )
    await postgres.drop_database(dsn)
    assert (status, err) == (0, "")
    assert not (home / "postgres").exists()


async def test_an_oauth_client_is_made_and_a_wrong_redirect_uri_is_refused(tmp_path: Path, postgres: Postgres) -> None:
    dsn = await postgres.create_database()
    create = ("oauth-client", "create", "Zapier", "--home", str(tmp_path / "home"), "--redirect-uri")
    uri = "https://zapier.example/back"
    status, out, err = await ledgerwire(*create, uri, "--confidential", LEDGERWIRE_POSTGRES_DSN=dsn)
    assert (status, err) == (0, "")
    assert json.loads(out).keys() == {"client_id", "client_secret"}
    status, out, _ = await ledgerwire(*create, uri, LEDGERWIRE_POSTGRES_DSN=dsn)
    assert (status, json.loads(out).keys()) == (0, {"client_id"})
    status, _, err = await ledgerwire(*create, "http://zapier.example/back", LEDGERWIRE_POSTGRES_DSN=dsn)
    await postgres.drop_database(dsn)
    assert status == 2
    assert "a redirect URI must be https" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("loaded", [0.0, 0.8])
async def test_a_signal_while_it_loads_ends_it_without_a_word(
    tmp_path: Path, number: signal.Signals, loaded: float
) -> None:
    # The doorstep is passed once signals are caught; from there on the moment is any.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standalone.cli", "up", "--port", "0", "--home", str(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await _catches(process.pid, number)
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), loaded)
    except TimeoutError:
        process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), SECONDS_MAX)
    assert process.returncode == 0, err.decode()
    assert b"Traceback" not in err
    assert b"ready" not in out or b"stopped" in err


async def _catches(pid: int, number: signal.Signals) -> None:
    """Wait until a process has a handler of its own for a signal."""

    def caught() -> bool:
        status = Path(f"/proc/{pid}/status").read_text()
        mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        # Python itself catches SIGINT from its beginning; SIGTERM only we do.
        return bool(int(mask, 16) & (1 << (signal.SIGTERM - 1)))

    await eventually(caught)
