"""The storage of a plan over HTTP: counted exactly, refused before anything is kept, given back by an erasure."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest

from ingress import erased_files
from ingress.access.account_store import DEFAULT_STORAGE
from ingress.access.accounts import UNLIMITED, set_quota, storage
from ledger.verify.run import verify
from storage.blobs import DirectoryBlobs
from storage.counted_blobs import CountedBlobs, StorageLimitReached
from tests.support.api_installation import House
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually
from tests.support.mails import a_mail

PURCHASES = "/v1/inbox/purchases"


def a_pdf(size: int) -> bytes:
    return b"%PDF-1.7\n" + os.urandom(size - 9)


async def push(caller: Caller, content: bytes) -> Answer:
    form = aiohttp.FormData()
    form.add_field("file", content, filename="A.pdf", content_type="application/pdf")
    return await caller.send("POST", PURCHASES, data=form)


async def used(caller: Caller) -> Any:
    return (await caller.read("/v1/usage"))["storage"]


async def bounded(house: House, most: int) -> Caller:
    return await house.account(storage_max=most)


async def test_a_file_over_the_limit_is_refused_and_nothing_of_it_is_kept(house: House) -> None:
    caller, content = await bounded(house, 5_000), a_pdf(3_000)
    assert (await push(caller, content)).status == 201
    refused = await push(caller, a_pdf(2_001))
    assert (refused.status, refused.json["code"]) == (403, "quota_exceeded")
    assert "has 2001 bytes, and the account's files have at most 5000" in refused.faults["file"]
    assert await used(caller) == {"used": 3_000, "limit": 5_000}
    folder = house.files / str(caller.account_id)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [hashlib.sha256(content).hexdigest()]
    assert len(await caller.items(PURCHASES)) == 1
    assert (await push(caller, content)).status in {200, 201}, "the same bytes take no further room"
    assert (await push(caller, a_pdf(2_000))).status == 201
    assert await used(caller) == {"used": 5_000, "limit": 5_000}


async def test_files_that_come_at_once_never_exceed_the_limit(house: House) -> None:
    caller = await bounded(house, 10_000)
    answers = await asyncio.gather(*(push(caller, a_pdf(3_000)) for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [403] * 9
    assert await used(caller) == {"used": 9_000, "limit": 10_000}


async def test_every_way_in_names_its_field(house: House) -> None:
    caller = await bounded(house, 100)
    inline = {"file": {"content": base64.b64encode(a_pdf(200)).decode(), "name": "A.pdf"}}
    by_json = await caller.post(PURCHASES, inline)
    direct = await caller.channel("direct")
    by_channel = await caller.anonymous(
        "POST", direct["url"], data=a_pdf(200), headers={"Content-Type": "application/pdf"}
    )
    mail, replies = a_mail(), await caller.channel("replies")
    mail.add_attachment(a_pdf(200), maintype="application", subtype="pdf", filename="a.pdf")
    by_mail = await caller.anonymous(
        "POST", replies["url"], data=bytes(mail), headers={"Content-Type": "message/rfc822"}
    )
    for answer, field in ((by_json, "file"), (by_channel, "file"), (by_mail, "attachments[0]")):
        assert (answer.status, answer.json["code"]) == (403, "quota_exceeded"), answer.text
        assert list(answer.faults) == [field]
    assert await used(caller) == {"used": 0, "limit": 100}


async def test_a_plans_own_limit_goes_before_the_installations(house: House) -> None:
    caller = await house.account()
    assert (await used(caller))["limit"] == 10**10
    for most, shown in ((0, 0), (UNLIMITED, None), (DEFAULT_STORAGE, 10**10)):
        await set_quota(house.pool, caller.account_id, storage_max=most)
        assert (await used(caller))["limit"] == shown
        assert (await push(caller, a_pdf(100))).status == (403 if shown == 0 else 201)
    assert (await used(caller))["used"] == 200


async def test_an_erasure_gives_the_space_back_and_verify_recounts(house: House) -> None:
    caller = await house.account()
    client = await caller.client(type="person", name="Aija Ozola", email="aija@ozola.example")
    mail, channel = a_mail(), await caller.channel("replies")
    mail.add_attachment(a_pdf(5_000), maintype="application", subtype="pdf", filename="a.pdf")
    posted = await caller.anonymous(
        "POST", channel["url"], data=bytes(mail), headers={"Content-Type": "message/rfc822"}
    )
    path = f"/v1/messages/{posted.json['message_id']}"

    async def came() -> bool:
        return (await caller.get(path)).status == 200

    await eventually(came)
    assert (await caller.read(path))["client_id"] == client["id"]
    assert (await used(caller))["used"] == 5_000 + len(bytes(mail))
    assert (await caller.post(f"/v1/clients/{client['id']}/erase", {})).status == 200
    files = CountedBlobs(DirectoryBlobs(house.files), house.pool, default_max=UNLIMITED)
    await erased_files.remove(house.pool, files)
    assert (await used(caller))["used"] == 0
    assert not [path for path in (house.files / str(caller.account_id)).rglob("*") if path.is_file()]
    assert "storage" not in {one.check.name for one in (await verify(house.dsn)).broken}


async def test_verify_reports_a_counter_that_is_wrong(house: House) -> None:
    caller = await house.account()
    assert (await push(caller, a_pdf(700))).status == 201
    owner = await asyncpg.connect(house.dsn)
    try:
        change = "UPDATE ingress.storage_usage SET used = used + $2 WHERE account_id = $1"
        await owner.execute(change, caller.account_id, 1)
        (broken,) = [one for one in (await verify(house.dsn)).broken if one.check.name == "storage"]
        assert "used is 701, must be 700" in broken.first
    finally:
        await owner.execute(change, caller.account_id, -1)
        await owner.close()


async def test_a_file_stored_again_since_stays_and_stays_counted(house: House) -> None:
    caller = await house.account()
    files = CountedBlobs(DirectoryBlobs(house.files), house.pool, default_max=1_000)

    async def kept(content: bytes) -> str:
        async with files.receive(caller.account_id) as upload:
            await upload.write(content)
            return (await upload.keep()).sha256

    sha256, now = await kept(b"x" * 600), datetime.now(tz=UTC)
    assert not await files.remove(caller.account_id, sha256, before=now - timedelta(seconds=60))
    assert (await used(caller))["used"] == 600
    with pytest.raises(StorageLimitReached):
        await kept(b"y" * 401)
    assert await files.remove(caller.account_id, sha256, before=now + timedelta(seconds=60))
    assert await files.remove(caller.account_id, sha256, before=now + timedelta(seconds=60)), "again is no error"
    assert (await used(caller))["used"] == 0
    await kept(b"y" * 401)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("0", 0), ("500MB", 500_000_000), ("20GB", 20 * 10**9), ("unlimited", UNLIMITED), ("default", DEFAULT_STORAGE)],
)
def test_a_limit_is_written_as_a_size(text: str, limit: int) -> None:
    assert storage(text) == limit


@pytest.mark.parametrize("text", ["", "-1", "1.5GB", "5 GB", "9999999999TB", "viel"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is neither a size"):
        storage(text)
