"""Accepting a purchase keeps all that its e-invoice says in the bill, and books it; voiding undoes it exactly."""

from __future__ import annotations

from typing import Any

from ledger.verify.run import verify
from tests.component.api.test_einvoices import PDF, PURCHASES, XML, with_files
from tests.support.api_installation import House
from tests.support.caller import Caller, a_document
from tests.unit.documents.messages import sample


async def accepted(caller: Caller, body: bytes) -> dict[str, Any]:
    pushed = await caller.send("POST", PURCHASES, data=body, headers=XML)
    assert pushed.status == 201, pushed.text
    return await bill_of(caller, pushed.json["id"])


async def bill_of(caller: Caller, message_id: str) -> dict[str, Any]:
    answer = await caller.post(f"{PURCHASES}/{message_id}/accept", {})
    assert answer.status == 200, answer.text
    return dict(await caller.read(f"/v1/bills/{answer.json['result']['bill_id']}"))


async def balances(caller: Caller) -> dict[str, str]:
    report = await caller.read("/v1/reports/trial-balance?as_of=2199-12-31")
    assert all(one["debit"] == one["credit"] for one in report["totals"])
    return {row["account"]: row["balance"] for row in report["items"] if row["currency"] == "EUR"}


async def test_a_bill_keeps_lines_taxes_due_date_payment_means_and_files(caller: Caller) -> None:
    bill = await accepted(caller, with_files("B-1", ("hours.csv", b"day;hours\n1;8\n"), ("B-1.pdf", PDF)))
    assert [one["name"] for one in bill["attachments"]] == ["hours.csv", "B-1.pdf"]
    assert (await caller.get(bill["attachments"][1]["url"])).raw == PDF
    assert (await caller.get(bill["file"]["url"])).raw == PDF
    assert (await caller.get(f"/v1/bills/{bill['id']}/attachments/3")).status == 404
    bill = await accepted(caller, sample("cii/freight_and_discount_of_the_document.xml"))
    assert (bill["shipping_charge"], bill["adjustments"][0]["amount"]) == ("15.00", "10.00")
    assert bill["taxes"] == [
        {
            "category": "S",
            "rate": "20",
            "net": "105.00",
            "tax": "21.00",
            "exemption_code": None,
            "exemption_reason": None,
        }
    ]
    bill = await accepted(caller, sample("cii/invoice.xml"))
    assert (bill["date_due"], bill["payment_method"], bill["payment_means"][0]["code"]) == ("2026-05-31", "bank", "58")
    assert (bill["prepaid"], bill["payable"]) == ("25.00", "95.00")


async def test_bills_are_booked_and_a_void_one_is_undone(caller: Caller, house: House) -> None:
    bill = await accepted(caller, sample("cii/discount_and_charge_on_a_line.xml"))
    assert await balances(caller) == {"expense": "47.00", "input_tax": "9.40", "payable": "-56.40"}
    (entry,) = await caller.items(f"/v1/journal?document_id={bill['id']}")
    assert {(one["client_id"], one["supplier_id"]) for one in entry["postings"]} == {(None, bill["supplier_id"])}
    await accepted(caller, sample("cii/credit_note.xml"))
    assert await balances(caller) == {"expense": "22.00", "input_tax": "4.40", "payable": "-26.40"}
    void = await caller.post(f"/v1/bills/{bill['id']}/void", {"reason": "Sent twice"})
    assert (void.status, void.json["status"], void.json["status_reason"]) == (200, "void", "Sent twice")
    assert await balances(caller) == {"expense": "-25.00", "input_tax": "-5.00", "payable": "30.00"}
    again = await caller.post(f"/v1/bills/{bill['id']}/void", {})
    assert (again.status, again.json["code"]) == (409, "already_void")
    assert (await verify(house.dsn)).broken == ()


async def test_a_reference_is_free_again_once_its_bill_is_void(caller: Caller) -> None:
    first = await caller.made_of(PURCHASES, a_document("V-1", gross_amount="42.00", net_amount="42.00"))
    bill = await bill_of(caller, first["id"])
    second = await caller.made_of(PURCHASES, a_document("V-1", gross_amount="42.00", net_amount="42.00", comment="x"))
    path = f"{PURCHASES}/{second['id']}/accept"
    assert (await caller.post(path, {"despite_duplicate": False})).status == 409
    assert (await caller.post(f"/v1/bills/{bill['id']}/void", {})).status == 200
    assert (await caller.post(path, {"despite_duplicate": True})).status == 200


async def test_an_estimate_of_a_supplier_is_kept_and_books_nothing(caller: Caller) -> None:
    amounts = {"gross_amount": "42.00", "net_amount": "42.00"}
    message = await caller.made_of(PURCHASES, a_document("Q-1", sale_type="sales_estimate", **amounts))
    bill = await bill_of(caller, message["id"])
    assert (bill["document_type"], await balances(caller)) == ("estimate", {})
