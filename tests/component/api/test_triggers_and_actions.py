"""The catalog over HTTP: triggers with samples and a poll, actions and running them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts.catalog import OFFERED_TRIGGERS, TRIGGERS
from tests.support.caller import Caller, a_payment, an_invoice
from tests.support.eventually import eventually

SHAPE = {"id", "type", "timestamp", "data"}


async def test_every_trigger_of_the_contract_is_listed_with_its_sample(caller: Caller) -> None:
    items = await caller.items("/v1/triggers")
    assert [item["key"] for item in items] == list(OFFERED_TRIGGERS)
    assert all(set(item["sample"]) == SHAPE and item["sample"]["type"] == item["key"] for item in items)
    assert await caller.read("/v1/triggers/sale.posted") in items


async def test_a_catalog_is_paged_as_every_list_is(caller: Caller) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await caller.read(f"/v1/triggers?limit=9{cursor}")
        seen += [item["key"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert seen == list(OFFERED_TRIGGERS)
    assert (await caller.get("/v1/actions?cursor=nonsense")).status == 422


@pytest.mark.parametrize("path", ["", "/samples", "/events"])
async def test_an_unknown_trigger_is_not_found(caller: Caller, path: str) -> None:
    assert (await caller.get(f"/v1/triggers/sale.exploded{path}")).status == 404


async def test_before_anything_happened_the_sample_is_the_built_in_one(caller: Caller) -> None:
    assert await caller.read("/v1/triggers/sale.posted/samples?limit=3") == [TRIGGERS["sale.posted"].sample_event()]
    assert await caller.read("/v1/triggers/sale.posted/events") == []


async def happened(caller: Caller, trigger: str, count: int) -> list[dict[str, Any]]:
    async def all_there() -> list[dict[str, Any]] | None:
        events = list(await caller.read(f"/v1/triggers/{trigger}/events"))
        return events if len(events) == count else None

    return list(await eventually(all_there) or [])


async def test_samples_are_the_newest_real_events_and_what_get_gives(caller: Caller) -> None:
    clients = [await caller.client(name=f"Client {number}") for number in range(4)]
    await happened(caller, "client.created", 4)
    samples = await caller.read("/v1/triggers/client.created/samples?limit=3")
    assert [sample["data"] for sample in samples] == clients[:0:-1]
    assert all(set(sample) == SHAPE and sample["type"] == "client.created" for sample in samples)
    assert len(await caller.read("/v1/triggers/client.created/samples")) == 3


async def test_a_poll_goes_through_all_events_by_the_link_header(caller: Caller) -> None:
    clients = [await caller.client(name=f"Client {number}") for number in range(5)]
    await happened(caller, "client.created", 5)
    seen, path, pages = [], "/v1/triggers/client.created/events?limit=2", 0
    while path:
        answer = await caller.get(path)
        seen += [event["data"]["id"] for event in answer.json]
        link = re.fullmatch(r'<(http://[^>]+)>; rel="next"', answer.headers.get("Link", ""))
        path, pages = (link[1] if link else ""), pages + 1
    assert seen == [client["id"] for client in clients[::-1]]
    assert pages == 3


async def test_another_accounts_events_are_not_polled(caller: Caller, stranger: Caller) -> None:
    await caller.client()
    await happened(caller, "client.created", 1)
    assert await stranger.read("/v1/triggers/client.created/events") == []
    samples = await stranger.read("/v1/triggers/client.created/samples")
    assert samples == [TRIGGERS["client.created"].sample_event()]


async def test_the_actions_that_are_carried_out_are_listed_with_what_they_take(caller: Caller) -> None:
    items = {item["key"]: item for item in await caller.items("/v1/actions")}
    assert {"create_client", "create_document", "record_payment", "post_chat_message", "filter"} <= set(items)
    assert items["create_client"]["input_schema"]["required"] == ["name"]
    assert await caller.read("/v1/actions/create_client") == items["create_client"]
    assert (await caller.get("/v1/actions/make_coffee")).status == 404


async def test_an_action_on_the_ledger_is_run_as_its_command(caller: Caller) -> None:
    made = await caller.post("/v1/actions/create_client", {"name": "From an action"})
    client = made.json
    assert (made.status, made.headers["Location"]) == (201, f"/v1/clients/{client['id']}")
    sale = await caller.made_of("/v1/actions/create_document", an_invoice(client["id"]))
    paid = await caller.made_of("/v1/actions/record_payment", a_payment(client["id"], "5.00", (sale["id"], "5.00")))
    assert await caller.read(f"/v1/payments/{paid['id']}") == paid


async def test_a_dry_run_shows_what_would_change_and_changes_nothing(caller: Caller) -> None:
    client = await caller.client()
    shown = await caller.post("/v1/actions/create_client?dry_run=true", {"name": "Never"})
    assert (shown.status, shown.json["dry_run"], shown.json["would"]["name"]) == (200, True, "Never")
    assert [change["type"] for change in shown.json["changes"]] == ["client.created"]
    sale = an_invoice(client["id"]) | {"issue": True}
    tried = await caller.post("/v1/actions/create_document?dry_run=true", sale)
    assert [change["type"] for change in tried.json["changes"]] == ["sale.created", "sale.posted"]
    issued = await caller.post("/v1/actions/create_document", sale)
    assert issued.json["number"] == tried.json["would"]["number"]
    assert [one["id"] for one in await caller.items("/v1/clients")] == [client["id"]]


async def test_a_dry_run_of_what_would_be_refused_is_the_refusal(caller: Caller) -> None:
    sale = an_invoice("0198f7c4-0a00-7f30-8c73-2e4f5a6b7c8d")
    real = await caller.post("/v1/actions/create_document", sale)
    tried = await caller.post("/v1/actions/create_document?dry_run=true", sale)
    assert (tried.status, tried.json["code"], tried.faults) == (real.status, real.json["code"], real.faults)


async def test_a_dry_run_finds_or_shows_the_client_that_would_be_made(caller: Caller) -> None:
    sent = {"name": "Ozola Design SIA", "email": "aija@ozola.example"}
    fresh = await caller.post("/v1/actions/find_or_create_client?dry_run=true", sent)
    assert (fresh.status, fresh.json["would"]["created"]) == (200, True)
    client = await caller.client(**sent)
    known = await caller.post("/v1/actions/find_or_create_client?dry_run=true", sent)
    assert known.json == {"dry_run": True, "would": {"found": True, "created": False, "client": client}, "changes": []}
    found = await caller.post("/v1/actions/find_client?dry_run=true", {"email": sent["email"]})
    assert found.json == {"dry_run": True, "would": {"found": True, "client": client}, "changes": []}


async def test_a_search_repeated_with_a_key_gets_the_first_answer(caller: Caller) -> None:
    key, sought = {"Idempotency-Key": "search-1"}, {"email": "aija@ozola.example"}
    first = await caller.post("/v1/actions/find_client", sought, headers=key)
    await caller.client(name="Ozola Design SIA", **sought)
    again = await caller.post("/v1/actions/find_client", sought, headers=key)
    assert (first.json["found"], again.status, again.json) == (False, 200, first.json)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    other = await caller.post("/v1/actions/find_client", {"external_id": "x"}, headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


async def test_documents_are_issued_found_and_voided_by_actions(caller: Caller) -> None:
    draft = await caller.made_of(
        "/v1/actions/create_document", an_invoice((await caller.client())["id"]) | {"issue": False}
    )
    issued = await caller.post("/v1/actions/issue_document", {"id": draft["id"]})
    assert (issued.status, issued.json["status"]) == (200, "issued")
    found = await caller.post("/v1/actions/find_sale", {"number": issued.json["number"]})
    assert (found.status, found.json) == (200, {"found": True, "sale": issued.json})
    voided = await caller.post("/v1/actions/void_document", {"id": draft["id"], "reason": "a mistake"})
    assert (voided.status, voided.json["status"]) == (200, "void")
    missed = await caller.post("/v1/actions/find_sale", {"external_id": "x"})
    assert missed.json == {"found": False, "sale": None}


@pytest.mark.parametrize(
    ("key", "box", "kind"), [("create_purchase", "purchases", "sales_invoice"), ("create_sale", "sales", "sales_order")]
)
async def test_a_document_is_pushed_into_an_inbox_by_an_action(caller: Caller, key: str, box: str, kind: str) -> None:
    document = {
        "document_ref": "A-17", "document_date": "2026-03-02", "sale_type": kind, "currency": "EUR",
        "supplier": {"name": "Paper Ltd"}, "client": {"name": "Ana"},
        "lines": [{"description": "Paper", "quantity": "1", "unit_price": "10.00", "tax_rate": "21"}],
    }  # fmt: skip
    sent = {"document": document, "comment": "by an action"}
    tried = await caller.post(f"/v1/actions/{key}?dry_run=true", sent)
    assert tried.status == 200, tried.text
    assert tried.json["would"]["box"] == box
    assert await caller.items(f"/v1/inbox/{box}") == []
    pushed = await caller.post(f"/v1/actions/{key}", sent)
    assert (pushed.status, pushed.headers["Location"]) == (201, f"/v1/inbox/{box}/{pushed.json['id']}")
    message = await caller.read(f"/v1/inbox/{box}/{pushed.json['id']}")
    assert message | {"duplicate": False} == pushed.json
    refused = await caller.post(f"/v1/actions/{key}", {"document": {"lines": []}})
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")


async def test_an_unknown_action_is_not_found(caller: Caller) -> None:
    assert (await caller.post("/v1/actions/make_coffee", {})).status == 404


async def test_clients_are_found_made_and_changed_by_actions(caller: Caller) -> None:
    sent = {"name": "Ozola Design SIA", "email": "aija@ozola.example", "reg_number": "40003000000"}
    made = await caller.post("/v1/actions/find_or_create_client", sent)
    again = await caller.post("/v1/actions/find_or_create_client", sent | {"name": "Other"})
    client = made.json["client"]
    assert (made.status, made.headers["Location"]) == (201, f"/v1/clients/{client['id']}")
    assert (made.json["found"], made.json["created"]) == (False, True)
    assert (again.status, again.json) == (200, {"found": True, "created": False, "client": client})
    for asked in (
        {"email": "AIJA@ozola.example"}, {"reg_number": "40003000000"}, {"query": "zola des"},
        {"external_id": "nobody's", "email": "aija@ozola.example"},
    ):  # fmt: skip
        found = await caller.post("/v1/actions/find_client", asked)
        assert (found.status, found.json) == (200, {"found": True, "client": client}), asked
    missed = await caller.post("/v1/actions/find_client", {"external_id": "x", "reg_number": "4000300000"})
    assert (missed.status, missed.json) == (200, {"found": False, "client": None})
    changed = await caller.post("/v1/actions/update_client", {"id": client["id"], "phone": "1"})
    assert (changed.status, changed.json["phone"], changed.json["email"]) == (200, "1", "aija@ozola.example")


async def test_products_are_made_and_found_by_actions(caller: Caller) -> None:
    made = await caller.post("/v1/actions/create_product", {"code": "PEN", "name": "Blue pen", "external_id": "x"})
    assert (made.status, made.headers["Location"]) == (201, f"/v1/products/{made.json['id']}")
    for asked in ({"code": "PEN"}, {"external_id": "x"}, {"query": "blue"}, {"code": "INK", "query": "ue pe"}):
        found = await caller.post("/v1/actions/find_product", asked)
        assert (found.status, found.json) == (200, {"found": True, "product": made.json}), asked
    assert (await caller.post("/v1/actions/find_product", {"code": "INK"})).json == {"found": False, "product": None}
    assert (await caller.post("/v1/actions/find_product", {})).status == 422


async def test_a_trigger_that_does_not_exist_is_not_offered(caller: Caller) -> None:
    key = "no.such"
    for path in ("", "/samples", "/events"):
        assert (await caller.get(f"/v1/triggers/{key}{path}")).status == 404
    hook = {"target_url": "http://127.0.0.1:9/x", "triggers": [key], "filters": {}}
    refused = await caller.post("/v1/hooks", hook)
    assert (refused.status, refused.json["code"], list(refused.faults)) == (422, "invalid_input", ["triggers[0]"])
