"""`ledgerwire backup` and `ledgerwire restore`: under load, under a new name, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from standalone.backup.archive import ArchiveWriter, BackupError, DumpCheck, read_members
from tests.bench.soundness import checked
from tests.faults.check import held_by_the_ledger
from tests.faults.load import Senders, Tenant
from tests.faults.record import Book
from tests.support.eventually import eventually
from tests.support.installation import NO_RATE_LIMITS, Installation, installation
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq
from tests.support.standalone import Standalone, standalone

pytestmark = pytest.mark.long

KEYS = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    out: str
    err: str


async def ledgerwire(*given: str, **environment: str) -> Ended:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standalone.cli", *given, env=own | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(program.communicate(), 110)
    assert program.returncode is not None
    return Ended(program.returncode, out.decode(), err.decode())


async def a_tenant(running: Installation) -> Tenant:
    token = (await running.create_account("Backed up"))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.post(f"{running.url}/v1/channels", json={"kind": "direct"}) as reply:
            channel = await reply.json()
        async with http.post(f"{running.url}/v1/clients", json={"name": "Of all sales"}) as reply:
            client = await reply.json()
    return Tenant(token, urlsplit(channel["url"]).path, client["id"])


@asynccontextmanager
async def load(running: Installation, book: Book, *, pause_seconds: float) -> AsyncIterator[None]:
    port = urlsplit(running.url).port
    assert port is not None
    senders = Senders(port, [await a_tenant(running)], book, random.Random(7), pause_seconds)  # noqa: S311
    sending = asyncio.create_task(senders.run(8))
    try:
        yield
    finally:
        senders.stopping.set()
        await sending


def accepted(book: Book) -> set[str]:
    return {key for key, how in book.ended.items() if how == "accepted"}


async def held_once(dsn: str, keys: set[str]) -> bool:
    """Whether the ledger holds each of the keys once, and each has its event in the log."""
    conn = await asyncpg.connect(dsn)
    try:
        held: dict[str, int] = {}
        for kind in ("inbox", "client", "sale"):
            held |= await held_by_the_ledger(conn, kind)
        assert not (doubled := [key for key, times in held.items() if times > 1]), doubled
        outstanding = await conn.fetchval(
            "SELECT (SELECT count(*) FROM ingress.outbox) + (SELECT count(*) FROM ledger.outbox)"
            " + (SELECT count(*) FROM dispatch.outbox) + (SELECT count(*) FROM execution.outbox)"
        )
        assert not await conn.fetchval("SELECT count(*) FROM ledger.dead_letter")
        return keys <= held.keys() and not outstanding
    finally:
        await conn.close()


@pytest.mark.timeout(300)
async def test_a_backup_under_load_restores_every_accepted_request_of_services_over_rabbitmq(
    postgres: Postgres, rabbitmq: Rabbitmq, tmp_path: Path
) -> None:
    dsn, file, book = await postgres.create_database(), tmp_path / "backup.tar", Book()
    settings = NO_RATE_LIMITS | {"LEDGERWIRE_SECRET_KEYS": KEYS, "LEDGERWIRE_FILES": str(tmp_path / "files")}
    vhost = await rabbitmq.create_vhost()
    async with (
        installation(dsn=dsn, amqp_url=vhost, folder=tmp_path, replicas=2, **settings) as running,
        load(running, book, pause_seconds=0.2),
    ):
        await eventually(lambda: len(accepted(book)) >= 40, deadline_seconds=60)
        before = accepted(book)
        given = settings | {"LEDGERWIRE_POSTGRES_DSN": dsn, "LEDGERWIRE_AMQP_URL": vhost}
        taken = await ledgerwire("backup", str(file), "--home", str(tmp_path), **given)
        assert taken.status == 0, taken.err
    restored = await postgres.create_database()
    moved = settings | {"LEDGERWIRE_POSTGRES_DSN": restored, "LEDGERWIRE_FILES": str(tmp_path / "new files")}
    back = await ledgerwire("restore", str(file), "--home", str(tmp_path), **moved)
    assert back.status == 0, back.err
    del moved["LEDGERWIRE_POSTGRES_DSN"]
    fresh = await rabbitmq.create_vhost()
    async with installation(dsn=restored, amqp_url=fresh, folder=tmp_path, replicas=1, **moved):
        await eventually(lambda: held_once(restored, before), deadline_seconds=60, pause_seconds=0.3)
    sound = await checked(restored, progress=print)
    assert not sound.broken
    for one in (dsn, restored):
        await postgres.drop_database(one)


@pytest.mark.timeout(300)
async def test_a_data_directory_is_backed_up_while_it_is_used_and_comes_up_elsewhere(tmp_path: Path) -> None:
    home, file, moved = tmp_path / "first", tmp_path / "books.backup", tmp_path / "second"
    async with standalone(home) as running:
        made = await running.create_account("Baltic Trading")
        headers = {"Authorization": f"Bearer {made['access_token']}"}
        message = await _a_hook_and_a_file(running, headers)
        taken = await ledgerwire("backup", str(file), "--home", str(home))
        assert taken.status == 0, taken.err
        assert file.stat().st_mode & 0o077 == 0
        again = await ledgerwire("backup", str(file), "--home", str(home))
        assert "exists: name a new file" in again.err
    restored = await ledgerwire("restore", str(file), "--home", str(moved))
    assert restored.status == 0, restored.err
    refused = await ledgerwire("restore", str(file), "--home", str(moved))
    assert refused.status == 2
    assert "this installation has 1 accounts: restore into an empty one" in refused.err
    verified = await ledgerwire("verify", "--home", str(moved))
    assert verified.status == 0, verified.out
    async with standalone(moved) as running, aiohttp.ClientSession(headers=headers) as http:
        async with http.get(f"{running.url}/v1/inbox/purchases/{message}/file") as reply:
            assert (reply.status, (await reply.read())[:5]) == (200, b"%PDF-")
        async with http.get(f"{running.url}/v1/hooks") as reply:
            assert len((await reply.json())["items"]) == 1


async def _a_hook_and_a_file(running: Standalone, headers: dict[str, str]) -> str:
    document = {
        "document_date": "2026-11-01", "document_ref": "R-1", "sale_type": "sales_invoice", "currency": "EUR",
        "supplier": {"name": "Supplier"},
        "client": {"name": "Baltic Trading"}, "lines": [{"description": "Work", "quantity": "1", "unit_price": "10"}],
    }  # fmt: skip
    form = aiohttp.FormData()
    form.add_field("document", json.dumps(document), content_type="application/json")
    form.add_field("file", b"%PDF-1.4\n%%EOF\n", filename="a.pdf", content_type="application/pdf")
    async with aiohttp.ClientSession(headers=headers) as http:
        hook = {"target_url": "http://127.0.0.1:9/hook", "triggers": ["sale.posted"]}
        async with http.post(f"{running.url}/v1/hooks", json=hook) as reply:
            assert reply.status == 201
        async with http.post(f"{running.url}/v1/inbox/purchases", data=form) as reply:
            assert reply.status == 201, await reply.text()
            return str((await reply.json())["id"])


@pytest.mark.timeout(300)
async def test_a_file_that_is_cut_off_restores_nothing(tmp_path: Path) -> None:
    home, file, moved = tmp_path / "first", tmp_path / "books.backup", tmp_path / "second"
    async with standalone(home) as running:
        await running.create_account("Cut off")
    assert (await ledgerwire("backup", str(file), "--home", str(home))).status == 0
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    refused = await ledgerwire("restore", str(file), "--home", str(moved))
    assert refused.status == 2
    assert "cut off" in refused.err
    file.write_bytes(whole)
    restored = await ledgerwire("restore", str(file), "--home", str(moved))
    assert restored.status == 0, restored.err


async def test_a_backup_that_is_not_there_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    for source in (tmp_path / "missing", tmp_path):
        ended = await ledgerwire("restore", str(source), "--home", str(tmp_path / "home"))
        assert (ended.status, ended.out) == (2, "")
        assert f"{source} cannot be read" in ended.err
    assert not (tmp_path / "home").exists()


def test_a_changed_byte_of_the_dump_is_noticed_before_anything_is_committed(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with path.open("wb") as stream:
        archive = ArchiveWriter(stream)
        archive.piece(b"first")
        archive.piece(b"second")
        archive.finish()
    path.write_bytes(path.read_bytes().replace(b"second", b"secand"))
    with path.open("rb") as stream, pytest.raises(BackupError, match="damaged"):
        read_to_the_end(stream)


def read_to_the_end(stream: IO[bytes]) -> None:
    check = DumpCheck()
    for member in read_members(stream):
        if member.name == "end.json":
            check.end(member.small())
        else:
            check.next_piece()
            check.piece(member.content.read())


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    small = tmp_path / "one"
    small.write_bytes(b"x")
    with (tmp_path / "archive").open("wb") as stream:
        archive = ArchiveWriter(stream)
        for number in range(100):
            archive.file(small, f"account/aa/{number}")
        assert len(archive._tar.members) == 0  # type: ignore[attr-defined]  # its stubs leave it out
        archive.finish()
    with tarfile.open(tmp_path / "archive") as tar:
        assert len(tar.getnames()) == 101
