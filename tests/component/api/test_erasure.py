"""A client's personal data over HTTP: exported as one file, and erased but for what the ledger must keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from ingress import erased_files
from storage.blobs import DirectoryBlobs
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.mails import a_mail

PERSON = {
    "name": "Aija Ozola", "type": "person", "first_name": "Aija", "last_name": "Ozola", "email": "aija@ozola.example",
    "phone": "+37120000001", "reg_number": "120190-12345", "external_id": "crm-aija", "comment": "likes Aija Plus",
    "address": {"street": "Ozola iela 7", "city": "Ozolnieki", "country": "LV"},
    "contacts": [{"name": "Aija Ozola", "email": "aija@ozola.example", "phone": "+37120000001"}],
}  # fmt: skip
TRACES = ("aija", "ozol", "20000001", "120190")
ACCOUNT_TABLES = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'ledger' AND c.relkind = 'r' AND c.relname NOT LIKE 'outcome%' AND c.relname <> 'outbox'
"""


async def a_history(caller: Caller) -> dict[str, Any]:
    """A person with an invoice, paid, a note, a call, a dispute, a promise, and a mail with a file."""
    client = await caller.client(**PERSON)
    sale = await caller.sale(client["id"])
    mine = {"client_id": client["id"]}
    await caller.made_of("/v1/notes", mine | {"body": "Aija asked to be called at 20000001"})
    await caller.made_of("/v1/calls", mine | {"outcome": "spoke", "note": "Aija said she pays"})
    await caller.made_of("/v1/disputes", {"sale_id": sale["id"], "reason": "Aija got nothing"})
    promise = mine | {"date": (datetime.now(tz=UTC) + timedelta(days=9)).date().isoformat(), "amount": "5.00"}
    await caller.made_of("/v1/promises", promise | {"currency": "EUR"})
    mail, channel = a_mail(), await caller.channel("replies")
    mail.add_attachment(b"%PDF-1.7 Ozola", maintype="application", subtype="pdf", filename="aija.pdf")
    posted = await caller.anonymous(
        "POST", channel["url"], data=bytes(mail), headers={"Content-Type": "message/rfc822"}
    )
    path = f"/v1/messages/{posted.json['message_id']}"

    async def came() -> bool:
        return (await caller.get(path)).status == 200

    await eventually(came)
    return {"client": client, "sale": sale, "message": await caller.read(path)}


async def traces(house: House, caller: Caller) -> dict[str, int]:
    """How many rows of each table of the ledger still say who it was."""
    owner = await asyncpg.connect(house.dsn)
    found = {}
    for row in await owner.fetch(ACCOUNT_TABLES):
        says = " OR ".join(f"lower(t::text) LIKE '%{text}%'" for text in TRACES)
        has_account = await owner.fetchval(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'account_id'", row[0]
        )
        if has_account:
            many = await owner.fetchval(
                f"SELECT count(*) FROM {row[0]} t WHERE account_id = $1 AND ({says})",  # noqa: S608
                caller.account_id,
            )
            if many:
                found[row[0]] = many
    await owner.close()
    return found


async def test_an_export_has_all_that_is_kept_about_a_client(caller: Caller) -> None:
    there = await a_history(caller)
    answer = await caller.get(f"/v1/clients/{there['client']['id']}/personal-data")
    assert answer.status == 200
    assert answer.json["client"]["email"] == PERSON["email"]
    assert [one["id"] for one in answer.json["sales"]] == [there["sale"]["id"]]
    assert [one["id"] for one in answer.json["messages"]] == [there["message"]["id"]]
    assert {name: len(answer.json[name]) for name in ("calls", "disputes", "promises", "payments", "orders")} == {
        "calls": 1, "disputes": 1, "promises": 1, "payments": 0, "orders": 0,
    }  # fmt: skip
    assert "Aija asked to be called at 20000001" in {one["body"] for one in answer.json["notes"]}


async def test_an_erasure_leaves_a_person_in_issued_documents_alone(house: House, caller: Caller) -> None:
    there = await a_history(caller)
    client, sale = there["client"], there["sale"]
    before = await traces(house, caller)
    assert {"ledger.client", "ledger.message", "ledger.note", "ledger.call", "ledger.dispute"} <= before.keys()
    owing = await caller.post(f"/v1/clients/{client['id']}/erase", {})
    assert (owing.status, owing.json["code"]) == (409, "client_in_use")
    assert "owes something" in owing.faults["id"]
    await caller.payment(client["id"], sale["total"], (sale["id"], sale["total"]))
    erased = await caller.post(f"/v1/clients/{client['id']}/erase", {})
    assert erased.status == 200, erased.text
    assert (erased.json["name"], erased.json["email"], erased.json["archived"]) == ("Erased client", None, True)
    assert await traces(house, caller) == {"ledger.sale": 1}, "the issued document keeps the name that the law requires"
    assert (await caller.read(f"/v1/sales/{sale['id']}"))["client"]["name"] == PERSON["name"]
    message = await caller.read(f"/v1/messages/{there['message']['id']}")
    assert (message["body"], message["from"], message["attachments"]) == ("", None, [])
    again = await caller.post(f"/v1/clients/{client['id']}/erase", {})
    assert (again.status, again.json["updated_at"]) == (200, erased.json["updated_at"])


async def test_files_of_an_erased_person_go_unless_something_else_names_them(
    house: House, caller: Caller, tmp_path: Path
) -> None:
    files = DirectoryBlobs(tmp_path)
    there = await a_history(caller)
    await caller.payment(there["client"]["id"], there["sale"]["total"], (there["sale"]["id"], there["sale"]["total"]))
    owner = await asyncpg.connect(house.dsn)
    named = await owner.fetch("SELECT attachments, source FROM ledger.message WHERE account_id = $1", caller.account_id)
    assert named[0]["source"]
    await owner.close()
    assert (await caller.post(f"/v1/clients/{there['client']['id']}/erase", {})).status == 200
    rows = await house.pool.fetch("SELECT * FROM ledger_api.erased_file WHERE account_id = $1", caller.account_id)
    assert len(rows) == 2, "the mail as it came, and its attachment"
    for row in rows:
        place = tmp_path / str(row["account_id"]) / row["sha256"][:2] / row["sha256"]
        place.parent.mkdir(parents=True)
        place.write_bytes(b"as it came")
    await erased_files.remove(house.pool, files)
    assert all(_written(tmp_path, row).exists() for row in rows), "stored again after the erasure: they stay"
    assert await files.remove(
        rows[0]["account_id"], rows[0]["sha256"], before=datetime.now(tz=UTC) + timedelta(seconds=5)
    )
    assert not _written(tmp_path, rows[0]).exists()


def _written(root: Path, row: asyncpg.Record) -> Path:
    sha256: str = row["sha256"]
    return root / str(row["account_id"]) / sha256[:2] / sha256


@pytest.mark.parametrize("verb", ["erase", "personal-data"])
async def test_another_accounts_client_is_unknown(house: House, caller: Caller, verb: str) -> None:
    there = await caller.client()
    stranger = await house.account()
    path = f"/v1/clients/{there['id']}/{verb}"
    answer = await (stranger.post(path, {}) if verb == "erase" else stranger.get(path))
    assert answer.status == 404
    assert UUID((await caller.read(f"/v1/clients/{there['id']}"))["id"])


async def test_a_client_with_a_draft_is_not_erased(caller: Caller) -> None:
    client = await caller.client()
    await caller.sale(client["id"], issue=False)
    answer = await caller.post(f"/v1/clients/{client['id']}/erase", {})
    assert (answer.status, answer.faults["id"]) == (
        409,
        "has drafts: they have to be issued or deleted first",
    )
