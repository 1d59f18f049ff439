"""Clients over HTTP: changed, found or made, archived, each account its own."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from tests.support.api_installation import House
from tests.support.caller import Caller, an_invoice


async def test_a_client_keeps_its_contacts_and_addresses(caller: Caller) -> None:
    given = {
        "address": {"street": "Brīvības iela 1", "city": "Rīga", "country": "LV"},
        "shipping_address": {"street": "Uriekstes iela 3", "postal_code": "01005"},
        "contacts": [{"name": "Jānis", "role": "Accountant", "email": "janis@a.example", "phone": "+371 2"}],
        "pay_term": {"type": 2, "days": 14},
        "locale": "lv",
        "currency": "SEK",
        "external_id": "crm-1",
    }
    made = await caller.client(**given)
    assert made["contacts"] == given["contacts"]
    assert made["shipping_address"]["postal_code"] == "01005"
    assert await caller.read(f"/v1/clients/{made['id']}") == made


async def test_only_what_is_sent_changes(caller: Caller) -> None:
    made = await caller.client(email="a@a.example", phone="1")
    answer = await caller.patch(f"/v1/clients/{made['id']}", {"phone": None, "name": "A"})
    assert answer.status == 200, answer.text
    assert answer.json == made | {"phone": None, "name": "A", "updated_at": answer.json["updated_at"]}
    assert await caller.read(f"/v1/clients/{made['id']}") == answer.json


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"colour": "red"}, "colour"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"email": "nobody"}, "email"),
        ({"balance": []}, "balance"),
        ({"contacts": [{"email": "a@a.example"}]}, "contacts[0].name"),
        ({"contacts": [{"name": "A"}] * 51}, "contacts"),
        ({"pay_term": {"type": 0, "days": 5}}, "pay_term"),
        ({"archived": "perhaps"}, "archived"),
    ],
)
async def test_what_is_wrong_with_a_change_is_reported(caller: Caller, sent: dict[str, Any], path: str) -> None:
    made = await caller.client()
    answer = await caller.patch(f"/v1/clients/{made['id']}", sent)
    assert (answer.status, list(answer.faults)) == (422, [path])
    assert await caller.read(f"/v1/clients/{made['id']}") == made


async def test_an_upsert_goes_by_the_external_id(caller: Caller) -> None:
    sent = {"name": "A", "external_id": "crm-1", "phone": "1"}
    made = await caller.post("/v1/clients?on_conflict=update", sent)
    changed = await caller.post("/v1/clients?on_conflict=update", {"name": "B", "external_id": "crm-1"})
    taken = await caller.post("/v1/clients", sent)
    nobody = await caller.post("/v1/clients?on_conflict=update", {"name": "B"})
    assert (made.status, made.headers["Location"]) == (201, f"/v1/clients/{made.json['id']}")
    assert (changed.status, changed.json["id"]) == (200, made.json["id"])
    assert (changed.json["name"], changed.json["phone"]) == ("B", "1")
    assert (taken.status, taken.json["code"]) == (409, "external_id_taken")
    assert (nobody.status, list(nobody.faults)) == (422, ["external_id"])


async def test_a_client_is_found_or_made(caller: Caller) -> None:
    made = await caller.post("/v1/clients?on_conflict=return", {"name": "A", "email": "a@a.example"})
    found = await caller.post("/v1/clients?on_conflict=return", {"name": "Z", "email": "A@a.example"})
    assert (made.status, found.status, found.json) == (201, 200, made.json)


async def test_an_archived_client_is_hidden_until_it_is_asked_for(caller: Caller) -> None:
    client = await caller.client()
    await caller.sale(client["id"])
    removed = await caller.delete(f"/v1/clients/{client['id']}")
    assert removed.json == {"id": client["id"], "deleted": False, "archived": True}
    assert await caller.items("/v1/clients") == []
    assert [item["id"] for item in await caller.items("/v1/clients?archived=true")] == [client["id"]]
    assert (await caller.read(f"/v1/clients/{client['id']}"))["archived"] is True
    refused = await caller.post("/v1/sales", an_invoice(client["id"]))
    assert (refused.status, refused.json["code"]) == (409, "client_archived")


async def test_a_client_without_documents_is_deleted(caller: Caller) -> None:
    client = await caller.client()
    removed = await caller.delete(f"/v1/clients/{client['id']}")
    assert removed.json == {"id": client["id"], "deleted": True, "archived": False}
    assert (await caller.get(f"/v1/clients/{client['id']}")).status == 404
    assert (await caller.delete(f"/v1/clients/{client['id']}")).status == 404


async def test_another_accounts_client_can_be_neither_changed_nor_deleted(caller: Caller, stranger: Caller) -> None:
    client = await caller.client()
    for identifier in (client["id"], str(new_id()), "nonsense"):
        assert (await stranger.patch(f"/v1/clients/{identifier}", {"name": "Mine"})).status == 404
        assert (await stranger.delete(f"/v1/clients/{identifier}")).status == 404
    assert await caller.read(f"/v1/clients/{client['id']}") == client


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ķ", {"Ķekava"}),
        ("ĶE", {"Ķekava"}),
        ("kava", {"Ķekava"}),
        ("ek", {"Ķekava"}),
        ("株式", {"株式会社"}),
        ("x", set()),
    ],
)
async def test_a_part_of_a_name_is_enough(caller: Caller, asked: str, found: set[str]) -> None:
    for name in ("Ķekava", "株式会社"):
        await caller.client(name=name)
    page = await caller.send("GET", "/v1/clients", params={"query": asked})
    assert {item["name"] for item in page.json["items"]} == found


@pytest.mark.parametrize("asked", ["needle", "EEDL", "õõ", "ed"])
async def test_what_few_have_is_found_behind_many(house: House, asked: str) -> None:
    crowded = await house.account()
    await crowded.client(name="Needle õõ")
    table = "name\n" + "".join(f"Straw {number}\n" for number in range(1100))
    made = await crowded.send("POST", "/v1/imports?kind=clients&format=csv", data=table.encode())
    assert (made.status, made.json["created"]) == (201, 1100)
    page = await crowded.send("GET", "/v1/clients", params={"query": asked})
    assert [item["name"] for item in page.json["items"]] == ["Needle õõ"]
    first = await crowded.read("/v1/clients?query=straw+10&limit=5")
    second = await crowded.read(f"/v1/clients?query=straw+10&limit=200&cursor={first['next_cursor']}")
    assert len(first["items"]) + len(second["items"]) == 111
    assert second["next_cursor"] is None
