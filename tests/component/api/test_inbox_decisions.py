"""Messages accepted and rejected over HTTP, by people and by rules; and the bills that come of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.resources.bill import Bill
from contracts.resources.inbox_message import InboxMessage
from contracts.resources.inbox_rule import InboxRule
from tests.component.api.test_inbox_files import PDF, a_form, push
from tests.component.api.test_openapi import fits
from tests.support.caller import XML, Caller, a_document, a_sale_xml
from tests.support.eventually import eventually

PURCHASES, SALES, RULES = "/v1/inbox/purchases", "/v1/inbox/sales", "/v1/inbox/rules"
SAMPLES = Path(__file__).parents[2] / "samples"


def an_order(ref: str = "WEB-1", **fields: Any) -> dict[str, Any]:
    line = {"item_code": "MUG-1", "description": "Mug", "quantity": "2", "unit_price": "12.10", "tax_rate": "20"}
    client = {"name": "Leo Martin", "email": "leo@customer.example"}
    return a_document(ref, **{"sale_type": "sales_order", "supplier": None, "client": client, "lines": [line]} | fields)


async def the_message(caller: Caller, path: str, state: str) -> dict[str, Any]:
    return dict((await eventually(lambda: caller.items(f"{path}?state={state}")))[0])


async def test_an_order_is_accepted_as_a_clients_draft(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    accepted = await caller.post(f"{SALES}/{message['id']}/accept")
    assert (accepted.status, accepted.json["state"]) == (200, "accepted")
    result = accepted.json["result"]
    sale = await caller.read(f"/v1/sales/{result['sale_id']}")
    assert (sale["status"], sale["client"]["name"], sale["total"]) == ("draft", "Leo Martin", "29.04")
    assert (await caller.read(f"/v1/clients/{result['client_id']}"))["email"] == "leo@customer.example"
    assert await caller.read(f"{SALES}/{message['id']}") == accepted.json
    assert accepted.json["decided_by"]["kind"] == "access_token"
    fits(InboxMessage, accepted.json)


async def test_an_order_is_issued_when_that_is_asked(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    accepted = await caller.post(f"{SALES}/{message['id']}/accept", {"sale_type": "sales_invoice", "issue": True})
    sale = await caller.read(f"/v1/sales/{accepted.json['result']['sale_id']}")
    assert (sale["status"], sale["sale_type"], sale["amount_due"]) == ("issued", "sales_invoice", "29.04")


async def test_a_purchase_is_accepted_as_its_suppliers_bill_with_its_file(caller: Caller) -> None:
    message = (await push(caller, a_form(document=a_document("B-1")["document"]))).json
    accepted = await caller.post(f"{PURCHASES}/{message['id']}/accept", {})
    assert accepted.status == 200, accepted.text
    bill = await caller.read(f"/v1/bills/{accepted.json['result']['bill_id']}")
    fits(Bill, bill)
    assert (bill["document_ref"], bill["total"], bill["supplier"]["name"]) == ("B-1", "42.00", "Paper and Pens OÜ")
    assert bill["message_id"] == message["id"]
    given = await caller.get(bill["file"]["url"])
    assert (given.raw, given.headers["Content-Disposition"]) == (PDF, 'attachment; filename="A-17.pdf"')
    assert await caller.items("/v1/bills?document_ref=B-1") == [bill]
    assert await caller.items(f"/v1/bills?supplier_id={bill['supplier_id']}&message_id={message['id']}") == [bill]
    assert await caller.items("/v1/bills?document_ref=B-2") == []


async def test_bills_are_their_accounts_alone(caller: Caller, stranger: Caller) -> None:
    message = (await push(caller, a_form(document=a_document("B-3")["document"]))).json
    result = (await caller.post(f"{PURCHASES}/{message['id']}/accept")).json["result"]
    for path in ("", "/file"):
        assert (await stranger.get(f"/v1/bills/{result['bill_id']}{path}")).status == 404
    assert await stranger.items("/v1/bills") == []
    assert (await stranger.post(f"{PURCHASES}/{message['id']}/accept")).status == 404
    assert (await stranger.post(f"{PURCHASES}/{message['id']}/reject")).status == 404


async def test_a_bill_without_a_file_has_none(caller: Caller) -> None:
    message = await caller.made_of(PURCHASES, a_document("B-4"))
    bill_id = (await caller.post(f"{PURCHASES}/{message['id']}/accept")).json["result"]["bill_id"]
    assert (await caller.read(f"/v1/bills/{bill_id}"))["file"] is None
    assert (await caller.get(f"/v1/bills/{bill_id}/file")).status == 404


async def test_a_rejected_message_stays_out_of_the_ledger(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    rejected = await caller.post(f"{SALES}/{message['id']}/reject", {"reason": "Not for us"})
    assert (rejected.status, rejected.json["state"], rejected.json["reason"]) == (200, "rejected", "Not for us")
    assert rejected.json["result"] is None
    assert await caller.items("/v1/sales") == []
    for verb in ("accept", "reject"):
        again = await caller.post(f"{SALES}/{message['id']}/{verb}")
        assert (again.status, again.json["code"]) == (409, "already_rejected")
    assert [one["id"] for one in await caller.items(f"{SALES}?state=rejected")] == [message["id"]]


async def test_sixteen_who_accept_at_once_make_one_document(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    path = f"{SALES}/{message['id']}/accept"
    answers = await asyncio.gather(*(caller.post(path, {"issue": True}) for _ in range(16)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 15
    assert len(await caller.items("/v1/sales")) == 1
    assert len(await caller.items("/v1/clients")) == 1


async def test_a_repeated_acceptance_with_a_key_gets_the_first_answer(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    path, key = f"{SALES}/{message['id']}/accept", {"Idempotency-Key": "accept-1"}
    first, again = [await caller.post(path, {}, headers=key) for _ in range(2)]
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"colour": "blue"}, 422, "colour"),
        ({"issue": "maybe"}, 422, "issue"),
        ({"client_id": "me"}, 422, "client_id"),
        ({"document": {"colour": "blue"}}, 422, "document.colour"),
        ({"document": {"lines": [{"description": "x", "quantity": "NaN", "unit_price": "1"}]}}, 422, None),
        ({"document": {"lines": [{"description": "x", "quantity": "1" + "0" * 30, "unit_price": "1"}]}}, 422, None),
        ({"client_id": "0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b"}, 404, "client_id"),
    ],
)
async def test_what_is_wrong_with_an_acceptance_is_reported_with_its_path(
    caller: Caller, body: dict[str, Any], status: int, path: str | None
) -> None:
    message = await caller.made_of(SALES, an_order())
    answer = await caller.post(f"{SALES}/{message['id']}/accept", body)
    assert (answer.status, list(answer.faults)) == (status, [path or "document.lines[0].quantity"])
    assert (await caller.read(f"{SALES}/{message['id']}"))["state"] == "received"


async def test_a_document_that_is_mended_beyond_reason_is_refused(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    answer = await caller.post(f"{SALES}/{message['id']}/accept", {"document": deep})
    assert (answer.status, answer.json["code"]) == (400, "malformed")


async def test_unknown_messages_are_404_for_both_verbs(caller: Caller) -> None:
    for verb in ("accept", "reject"):
        for message_id in ("0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b", "nonsense"):
            assert (await caller.post(f"{SALES}/{message_id}/{verb}")).status == 404


async def test_the_plan_counts_clients_of_accepted_orders(house: Any) -> None:
    caller = await house.account("Small Plan", clients_max=1)
    first, second = [await caller.made_of(SALES, an_order(ref, client={"name": ref})) for ref in ("One", "Two")]
    assert (await caller.post(f"{SALES}/{first['id']}/accept")).status == 200
    refused = await caller.post(f"{SALES}/{second['id']}/accept")
    assert (refused.status, refused.json["code"]) == (403, "quota_exceeded")
    assert (await caller.read(f"{SALES}/{second['id']}"))["state"] == "received"
    assert len(await caller.items("/v1/sales")) == 1


async def test_a_rule_accepts_a_channels_orders_by_itself(caller: Caller) -> None:
    channel = await caller.channel("orders")
    rule = await caller.post(
        RULES, {"box": "sales", "match": {"channel_id": channel["id"]}, "issue": True, "name": "Web shop"}
    )
    assert rule.status == 201, rule.text
    assert rule.headers["Location"] == f"{RULES}/{rule.json['id']}"
    fits(InboxRule, rule.json)
    assert await caller.read(rule.headers["Location"]) == rule.json
    assert await caller.items(f"{RULES}?box=sales") == [rule.json]
    assert await caller.items(f"{RULES}?box=purchases") == []
    pushed = await caller.push(channel, (SAMPLES / "orders" / "connect.xml").read_bytes())
    assert pushed.status == 200
    message = await the_message(caller, SALES, "accepted")
    assert message["decided_by"] == {"kind": "rule", "id": rule.json["id"], "name": "Web shop"}
    sale = await caller.read(f"/v1/sales/{message['result']['sale_id']}")
    assert (sale["status"], sale["client"]["name"], sale["total"]) == ("confirmed", "Aya Ozola", "27.70")
    removed = await caller.delete(rule.headers["Location"])
    assert (removed.status, removed.json) == (200, {"id": rule.json["id"], "deleted": True})
    assert (await caller.get(rule.headers["Location"])).status == 404
    assert (await caller.delete(rule.headers["Location"])).status == 404


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"box": "attic", "match": {"channel_id": "c"}}, "box"),
        ({"box": "sales"}, "match"),
        ({"box": "sales", "match": {}}, "match"),
        ({"box": "purchases", "match": {"name": "x"}, "issue": True}, ""),
        ({"box": "sales", "match": {"name": "x"}, "action": "reject"}, "action"),
        ({"box": "sales", "match": {"name": "x"}, "conditions": {"max_amount": "1.001"}}, "conditions.max_amount"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(caller: Caller, rule: dict[str, Any], path: str) -> None:
    answer = await caller.post(RULES, rule)
    assert (answer.status, list(answer.faults)) == (422, [path])


async def test_rules_are_their_accounts_alone(caller: Caller, stranger: Caller) -> None:
    rule = await caller.made_of(RULES, {"box": "sales", "match": {"name": "Leo"}})
    assert (await stranger.get(f"{RULES}/{rule['id']}")).status == 404
    assert (await stranger.delete(f"{RULES}/{rule['id']}")).status == 404
    assert await stranger.items(RULES) == []


@pytest.mark.parametrize("kind", ["direct", "orders"])
@pytest.mark.parametrize("sample", ["ubl/invoice.xml", "ubl/credit_note.xml"])
async def test_ubl_goes_through_both_channels_to_the_ledger(caller: Caller, kind: str, sample: str) -> None:
    path = PURCHASES if kind == "direct" else SALES
    pushed = await caller.push(await caller.channel(kind), (SAMPLES / sample).read_bytes())
    assert pushed.status == 200, pushed.text
    message = await the_message(caller, path, "received")
    accepted = await caller.post(f"{path}/{message['id']}/accept")
    assert accepted.status == 200, accepted.text
    gross = message["document"]["gross_amount"]
    if kind == "direct":
        made = await caller.read(f"/v1/bills/{accepted.json['result']['bill_id']}")
        assert made["document_type"] == ("invoice" if "invoice" in sample else "credit_note")
    else:
        made = await caller.read(f"/v1/sales/{accepted.json['result']['sale_id']}")
        assert made["sale_type"] == ("sales_invoice" if "invoice" in sample else "credit_note")
    assert (made["total"], accepted.json["warnings"]) == (gross, message["warnings"])


async def test_messages_are_listed_by_state_reference_and_sender(caller: Caller) -> None:
    for ref, supplier in (("L-1", "One Ltd"), ("L-2", "Two Ltd"), ("L-3", "One Ltd")):
        await caller.made_of(PURCHASES, a_document(ref, supplier={"name": supplier}))

    async def listed(query: str) -> list[str]:
        return [one["document"]["document_ref"] for one in await caller.items(f"{PURCHASES}?{query}")]

    assert await listed("sender=ONE ltd") == ["L-3", "L-1"]
    assert await listed("document_ref=L-2") == ["L-2"]
    assert await listed("state=received&sender=Two Ltd&limit=1") == ["L-2"]
    assert await listed("state=accepted") == []
    first = await caller.read(f"{PURCHASES}?limit=2")
    second = await caller.read(f"{PURCHASES}?limit=2&cursor={first['next_cursor']}")
    assert [one["document"]["document_ref"] for one in first["items"] + second["items"]] == ["L-3", "L-2", "L-1"]
    assert second["next_cursor"] is None


async def test_the_journey_of_a_message_leads_to_what_became_of_it(caller: Caller) -> None:
    message = await caller.made_of(SALES, an_order())
    sale_id = (await caller.post(f"{SALES}/{message['id']}/accept")).json["result"]["sale_id"]

    async def steps() -> set[tuple[str, str | None]]:
        entries = (await caller.read(f"/v1/journey/{message['id']}"))["entries"]
        return {(entry["step"], entry["subject_id"]) for entry in entries}

    async def whole() -> bool:
        return {("accept_inbox_message", message["id"]), ("sale.created", sale_id)} <= await steps()

    await eventually(whole)


async def test_a_push_and_an_acceptance_hold_xml_and_json_apart(caller: Caller) -> None:
    message = (await caller.send("POST", PURCHASES, data=a_sale_xml("X-9"), headers=XML)).json
    accepted = await caller.post(f"{PURCHASES}/{message['id']}/accept", {"comment": "Checked"})
    bill = await caller.read(f"/v1/bills/{accepted.json['result']['bill_id']}")
    assert (bill["comment"], bill["document_ref"], bill["total"]) == ("Checked", "X-9", "100.00")
