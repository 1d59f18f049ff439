"""Places for files, each a server that others wrote: what every adapter of the port does, and how each is guarded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from action_executor.guarded_socket import GuardedDialer
from action_executor.http_client import open_http_client
from action_executor.stores.opening import StoreOpener
from action_executor.stores.port import FILE_BYTES_MAX, FileStore, StoredFile, StoreFault, clean_path, numbered
from chassis.egress import EgressPolicy
from contracts.primitives.ids import new_id
from contracts.resources.connection import ConnectionIn
from tests.support.file_servers import KINDS, Place, place

TEXT = "text/plain"
ACCOUNT = new_id()


@asynccontextmanager
async def opener(root: Path | None, allow: str = "127.0.0.0/8") -> AsyncIterator[StoreOpener]:
    policy = EgressPolicy.parse(allow)
    async with open_http_client(policy, connect_seconds=5, timeout_seconds=15) as client:
        yield StoreOpener(client, GuardedDialer(policy, 5), root)


def connection(made: Place, **fields: Any) -> ConnectionIn:
    return ConnectionIn.model_validate({"name": "Place"} | made.fields | fields)


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.rglob("*"))


@pytest.fixture(params=KINDS)
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def store(served: Place, tmp_path: Path) -> AsyncIterator[FileStore]:
    async with opener(tmp_path) as places:
        yield places.open(connection(served), ACCOUNT)


async def test_a_file_is_written_with_its_folders_and_read_back(store: FileStore) -> None:
    content = bytes(range(256)) * 5_000
    assert await store.read("2026/03/A-1.bin") is None
    assert await store.create("2026/03/A-1.bin", content, "application/octet-stream")
    there = await store.read("2026/03/A-1.bin")
    assert there is not None
    assert there.content == content
    assert store.location("2026/03/A-1.bin").endswith("/2026/03/A-1.bin")


async def test_a_file_that_is_there_is_not_written_over(store: FileStore) -> None:
    assert await store.create("A-1.txt", b"first", TEXT)
    assert not await store.create("A-1.txt", b"second", TEXT)
    assert (await store.read("A-1.txt") or StoredFile(b"")).content == b"first"


async def test_of_several_that_create_one_name_at_once_one_does(store: FileStore) -> None:
    writers = (store.create("folder/A-1.txt", b"%d" % number, TEXT) for number in range(4))
    made = await asyncio.gather(*writers, return_exceptions=True)
    assert True in made
    # WsgiDAV answers 500 to one of two that make the same folder or name at once: the step tries again.
    assert all(one.retryable for one in made if isinstance(one, StoreFault))
    winner = (await store.read("folder/A-1.txt") or StoredFile(b"")).content
    assert winner in {b"0", b"1", b"2", b"3"}


async def test_a_file_is_overwritten_on_request(store: FileStore) -> None:
    await store.overwrite("A-1.txt", b"first", TEXT)
    await store.overwrite("A-1.txt", b"second", TEXT)
    assert (await store.read("A-1.txt") or StoredFile(b"")).content == b"second"


async def test_names_in_other_alphabets_and_with_blanks_are_kept(store: FileStore) -> None:
    path = "Rēķini un PVN/Δοκιμή #1 100%?.txt"
    assert await store.create(path, b"content", TEXT)
    assert (await store.read(path) or StoredFile(b"")).content == b"content"


async def test_a_file_is_extended_only_as_it_was_read(store: FileStore) -> None:
    await store.create("rows.csv", b"a\n", "text/csv")
    first = await store.read("rows.csv")
    assert first is not None
    assert await store.extend("rows.csv", first, b"b\n", "text/csv")
    assert not await store.extend("rows.csv", first, b"c\n", "text/csv")
    assert (await store.read("rows.csv") or StoredFile(b"")).content == b"a\nb\n"


@pytest.mark.parametrize("served", ["webdav"], indirect=True)
async def test_a_file_that_was_read_while_another_one_wrote_is_not_extended(store: FileStore) -> None:
    await store.create("rows.csv", b"a\nb\n", "text/csv")
    there = await store.read("rows.csv")
    assert there is not None
    # WsgiDAV's length is older than its tag: in between another one has written.
    torn = StoredFile(b"", there.version)
    assert not await store.extend("rows.csv", torn, b"c\n", "text/csv")
    assert (await store.read("rows.csv") or StoredFile(b"")).content == b"a\nb\n"
    assert await store.extend("rows.csv", there, b"c\n", "text/csv")


async def test_a_file_over_the_bound_is_refused_in_words(store: FileStore) -> None:
    await store.overwrite("large.bin", bytes(FILE_BYTES_MAX + 1), "application/octet-stream")
    with pytest.raises(StoreFault, match="more than 20 MiB"):
        await store.read("large.bin")


@pytest.mark.parametrize("kind", ["s3", "webdav", "sftp"])
async def test_a_private_place_is_not_reached_unless_it_is_allowed(kind: str, tmp_path: Path) -> None:
    async with place(kind, tmp_path) as made, opener(tmp_path, allow="192.0.2.1") as places:
        with pytest.raises(StoreFault, match="the target") as caught:
            await places.open(connection(made), ACCOUNT).create("A-1.txt", b"x", TEXT)
    assert not caught.value.retryable
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("webdav", {"password": "wrong"}, "answered 401"),
        ("sftp", {"password": "wrong"}, "does not accept"),
        ("s3", {"url": None}, "NoSuchBucket"),
    ],
)
async def test_what_a_place_refuses_is_said_and_is_not_tried_again(
    kind: str, fields: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    async with place(kind, tmp_path) as made, opener(tmp_path) as places:
        if kind == "s3":
            fields = {"url": made.fields["url"].replace("/invoices/", "/no-such-bucket/")}
        with pytest.raises(StoreFault, match=reason) as caught:
            await places.open(connection(made, **fields), ACCOUNT).create("A-1.txt", b"x", TEXT)
    assert not caught.value.retryable
    assert "wrong" not in caught.value.reason


@pytest.mark.parametrize("kind", ["s3", "webdav", "sftp"])
async def test_a_place_that_is_down_is_tried_again(kind: str, tmp_path: Path) -> None:
    async with place(kind, tmp_path) as made:
        pass
    async with opener(tmp_path) as places:
        with pytest.raises(StoreFault) as caught:
            await places.open(connection(made), ACCOUNT).create("A-1.txt", b"x", TEXT)
    assert caught.value.retryable


async def test_a_server_with_another_host_key_gets_nothing(tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    async with place("sftp", tmp_path) as made, opener(tmp_path) as places:
        for pin in (other.get_fingerprint("sha256"), other.export_public_key().decode().strip()):
            with pytest.raises(StoreFault, match="host_key: nothing was sent"):
                await places.open(connection(made, host_key=pin), ACCOUNT).create("A-1.txt", b"x", TEXT)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("link", ["folder", "file"])
async def test_links_in_a_folder_are_not_followed(link: str, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    own = root / str(ACCOUNT) / "books"
    own.mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    target = outside if link == "folder" else outside / "secret.txt"
    (own / "x").symlink_to(target)
    path = "x/secret.txt" if link == "folder" else "x"
    async with place("folder", root) as made, opener(root) as places:
        store = places.open(connection(made), ACCOUNT)
        with pytest.raises(StoreFault, match="not followed"):
            await store.read(path)
        if link == "folder":
            with pytest.raises(StoreFault, match="not followed"):
                await store.create("x/new.txt", b"x", TEXT)
        else:
            assert not await store.create("x", b"x", TEXT)
    assert [one.name for one in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "secret"


async def test_each_account_has_a_folder_of_its_own(tmp_path: Path) -> None:
    async with place("folder", tmp_path) as made, opener(tmp_path) as places:
        await places.open(connection(made), ACCOUNT).create("A-1.txt", b"x", TEXT)
        assert await places.open(connection(made), new_id()).read("A-1.txt") is None
    assert (tmp_path / str(ACCOUNT) / "books" / "A-1.txt").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/", "", "a//b", "a/./b", "a\\b", "a\x00b", "x" * 201])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="must"):
        clean_path(path)


@pytest.mark.parametrize(
    ("path", "second"),
    [("a/A-1.pdf", "a/A-1 (2).pdf"), ("A", "A (2)"), (".env", ".env (2)"), ("a.b/c", "a.b/c (2)")],
)
def test_another_name_keeps_folder_and_ending(path: str, second: str) -> None:
    assert numbered(path, 2) == second
