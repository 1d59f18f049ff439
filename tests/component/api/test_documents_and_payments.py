"""The verbs of sales documents and payments over HTTP: moved, refused with what is possible, each account its own."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from tests.support.caller import Answer, Caller, a_payment, an_invoice
from tests.support.eventually import eventually


async def moved(caller: Caller, thing: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """What a verb made of a sale or payment."""
    kind = "sales" if "sale_type" in thing else "payments"
    return await caller.made_of(f"/v1/{kind}/{thing['id']}/{verb}", body)


async def refused(caller: Caller, thing: dict[str, Any], verb: str, **body: Any) -> Answer:
    kind = "sales" if "sale_type" in thing else "payments"
    return await caller.post(f"/v1/{kind}/{thing['id']}/{verb}", body)


async def test_a_draft_is_changed_issued_sent_and_voided(caller: Caller) -> None:
    client = await caller.client()
    draft = await caller.sale(client["id"], issue=False)
    changed = await caller.patch(f"/v1/sales/{draft['id']}", {"comment": "Thank you", "deposit": "65.01"})
    assert changed.status == 200, changed.text
    assert (changed.json["comment"], changed.json["amount_due"]) == ("Thank you", "100.00")
    issued = await caller.post(f"/v1/sales/{draft['id']}/issue")
    assert (issued.status, issued.json["status"]) == (200, "issued")
    sent = await moved(caller, draft, "send", to="accounts@ozola.example")
    assert sent["send_requested_at"] is not None
    failed = await eventually(lambda: _message_of(caller, draft["id"], "failed"))  # this house has no mail server
    assert (failed["to"], failed["detail"][:14]) == ("accounts@ozola.example", "not_configured")
    void = await moved(caller, draft, "void", reason="Wrong client")
    assert (void["status"], void["status_reason"], void["number"]) == ("void", "Wrong client", issued.json["number"])
    assert await caller.read(f"/v1/sales/{draft['id']}") == void


async def _message_of(caller: Caller, sale_id: str, state: str) -> dict[str, Any] | None:
    found = await caller.items(f"/v1/messages?sale_id={sale_id}&state={state}")
    return found[0] if found else None


async def test_a_draft_is_deleted_and_an_issued_document_is_not(caller: Caller) -> None:
    client = await caller.client()
    draft, issued = await caller.sale(client["id"], issue=False), await caller.sale(client["id"])
    gone = await caller.delete(f"/v1/sales/{draft['id']}")
    assert (gone.status, gone.json["status"]) == (200, "deleted")
    assert (await caller.get(f"/v1/sales/{draft['id']}")).status == 404
    assert (await caller.delete(f"/v1/sales/{draft['id']}")).status == 404
    kept = await caller.delete(f"/v1/sales/{issued['id']}")
    assert (kept.status, kept.json["code"]) == (409, "state_forbids")
    assert "possible now: send, void, write off" in kept.json["detail"]


async def test_a_quote_becomes_an_order_and_an_invoice(caller: Caller) -> None:
    client = await caller.client()
    quote = await caller.sale(client["id"], sale_type="sales_estimate")
    assert (await refused(caller, quote, "convert")).status == 409
    await moved(caller, quote, "accept")
    made = await caller.post(f"/v1/sales/{quote['id']}/convert")
    assert (made.status, made.json["sale_type"], made.json["converted_from"]) == (201, "sales_order", quote["id"])
    await caller.made_of(f"/v1/sales/{made.json['id']}/issue", {})
    invoice = await moved(caller, made.json, "convert", issue=True)
    assert (invoice["sale_type"], invoice["status"], invoice["lines"]) == ("sales_invoice", "issued", quote["lines"])
    assert (await caller.read(f"/v1/sales/{quote['id']}"))["converted_to"] == made.json["id"]
    assert (await refused(caller, made.json, "cancel")).json["code"] == "already_invoiced"
    assert (await moved(caller, made.json, "close"))["status"] == "closed"


async def test_an_invoice_is_written_off_and_back(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    off = await moved(caller, sale, "write-off", reason="Bankrupt")
    assert (off["status"], off["amount_due"], off["settlement"]) == ("written_off", "0.00", "unpaid")
    back = await moved(caller, sale, "write-back")
    assert (back["status"], back["amount_due"]) == ("issued", "165.01")


async def test_a_payment_is_allocated_taken_off_refunded_and_reversed(caller: Caller) -> None:
    client = await caller.client()
    sale, payment = await caller.sale(client["id"]), await caller.payment(client["id"], "200.00")
    settled = await moved(caller, payment, "allocate", allocations=[{"sale_id": sale["id"], "amount": "165.01"}])
    assert (settled["unapplied"], settled["allocations"]) == ("34.99", [{"sale_id": sale["id"], "amount": "165.01"}])
    assert (await caller.read(f"/v1/sales/{sale['id']}"))["settlement"] == "paid"
    refund = await moved(caller, payment, "refund", reference="Overpaid")
    assert [one["amount"] for one in refund["refunds"]] == ["34.99"]
    assert (await refused(caller, payment, "reverse")).json["code"] == "has_refunds"
    await moved(caller, payment, "unrefund", refund_id=refund["refunds"][0]["id"])
    free = await moved(caller, payment, "unallocate")
    assert (free["unapplied"], free["allocations"]) == ("200.00", [])
    await moved(caller, payment, "allocate", allocations=[{"sale_id": sale["id"], "amount": "1.00"}])
    reversed_ = await moved(caller, payment, "reverse", reason="Bounced")
    assert (reversed_["status"], reversed_["unapplied"], reversed_["allocations"]) == ("reversed", "0.00", [])
    assert (await caller.read(f"/v1/sales/{sale['id']}"))["amount_due"] == "165.01"


async def test_a_pending_payment_is_confirmed_or_fails(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    pending = await caller.payment(client["id"], "165.01", status="pending")
    assert (pending["status"], pending["unapplied"]) == ("pending", "0.00")
    assert [one["id"] for one in await caller.items("/v1/payments?status=pending")] == [pending["id"]]
    confirmed = await moved(caller, pending, "confirm", allocations=[{"sale_id": sale["id"], "amount": "165.01"}])
    assert (confirmed["status"], confirmed["unapplied"]) == ("confirmed", "0.00")
    other = await caller.payment(client["id"], "1.00", status="pending")
    assert (await moved(caller, other, "fail", reason="No money"))["status"] == "failed"
    assert (await refused(caller, other, "confirm")).status == 409


async def test_a_credit_note_corrects_its_invoice(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    line = {"description": "Too much", "quantity": "1", "unit_price": "100", "tax_rate": "19"}
    note = await caller.sale(client["id"], sale_type="credit_note", invoice_id=sale["id"], lines=[line])
    now = await caller.read(f"/v1/sales/{sale['id']}")
    assert (now["credited"], now["amount_due"], note["unapplied"]) == ("119.00", "46.01", "0.00")
    assert [one["id"] for one in await caller.items(f"/v1/sales?invoice_id={sale['id']}")] == [note["id"]]
    over = await caller.post("/v1/sales", an_invoice(client["id"], sale_type="credit_note", invoice_id=sale["id"]))
    assert (over.status, over.json["code"]) == (409, "over_creditable")


async def test_a_receipt_is_issued_from_a_payment_and_void_with_it(caller: Caller) -> None:
    client = await caller.client()
    payment = await caller.payment(client["id"], "165.01")
    receipt = await caller.sale(client["id"], sale_type="sales_receipt", payment_id=payment["id"])
    assert (receipt["status"], receipt["settlement"], receipt["amount_due"]) == ("issued", "paid", "0.00")
    assert (await caller.read(f"/v1/payments/{payment['id']}"))["receipt_id"] == receipt["id"]
    await moved(caller, payment, "reverse")
    assert (await caller.read(f"/v1/sales/{receipt['id']}"))["status"] == "void"


@pytest.mark.parametrize(
    ("verb", "body", "path"),
    [
        ("void", {"reason": 5}, "reason"),
        ("void", {"date": "yesterday"}, "date"),
        ("void", {"why": "?"}, "why"),
        ("void", {"date": "2001-01-01"}, "date"),
        ("write-off", {"date": "2001-01-01"}, "date"),
        ("issue", {"now": True}, "now"),
        ("convert", {"to": "credit_note"}, "to"),
        ("allocate", {"allocations": []}, "allocations"),
        ("allocate", {"allocations": [{"sale_id": "x", "amount": "-1"}]}, "allocations[0].sale_id"),
        ("refund", {"amount": "NaN"}, "amount"),
        ("refund", {"amount": "1" + "0" * 30}, "amount"),
        ("send", {"to": "nobody"}, "to"),
    ],
)
async def test_what_is_well_formed_and_wrong_is_refused_by_name(
    caller: Caller, verb: str, body: dict[str, Any], path: str
) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    answer = await refused(caller, sale, verb, **body)
    assert (answer.status, path in answer.faults) == (422, True), answer.text
    assert await caller.read(f"/v1/sales/{sale['id']}") == sale


@pytest.mark.parametrize(
    "verb",
    ["issue", "void", "write-off", "write-back", "send", "accept", "decline", "expire", "close", "cancel", "convert"],
)
async def test_another_accounts_document_is_not_there(caller: Caller, stranger: Caller, verb: str) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    assert (await stranger.post(f"/v1/sales/{sale['id']}/{verb}")).status == 404
    assert (await caller.post(f"/v1/sales/{new_id()}/{verb}")).status == 404
    assert (await caller.post(f"/v1/sales/nonsense/{verb}")).status == 404
    assert await caller.read(f"/v1/sales/{sale['id']}") == sale


@pytest.mark.parametrize("verb", ["confirm", "fail", "unallocate", "reverse", "refund"])
async def test_another_accounts_payment_is_not_there(caller: Caller, stranger: Caller, verb: str) -> None:
    client = await caller.client()
    payment = await caller.payment(client["id"], "10.00")
    assert (await stranger.post(f"/v1/payments/{payment['id']}/{verb}")).status == 404
    assert await caller.read(f"/v1/payments/{payment['id']}") == payment


async def test_another_accounts_invoice_cannot_be_settled_or_credited(caller: Caller, stranger: Caller) -> None:
    theirs = await caller.sale((await caller.client())["id"])
    client = await stranger.client()
    payment = await stranger.payment(client["id"], "10.00")
    allocations = [{"sale_id": theirs["id"], "amount": "1.00"}]
    assert (await refused(stranger, payment, "allocate", allocations=allocations)).status == 404
    assert (await stranger.post("/v1/payments", a_payment(client["id"], "1", (theirs["id"], "1")))).status == 404
    note = an_invoice(client["id"], sale_type="credit_note", invoice_id=theirs["id"])
    assert (await stranger.post("/v1/sales", note)).status == 404


async def test_one_key_issues_once(caller: Caller) -> None:
    draft = await caller.sale((await caller.client())["id"], issue=False)
    key = {"Idempotency-Key": "issue-1"}
    first, again = [await caller.post(f"/v1/sales/{draft['id']}/issue", headers=key) for _ in range(2)]
    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await caller.post(f"/v1/sales/{draft['id']}/issue")).status == 409


async def test_several_taxes_on_a_line_are_each_shown(caller: Caller) -> None:
    taxes = [{"category": "GST", "rate": "5"}, {"category": "QST", "rate": "9.975"}]
    line = {"description": "Work", "quantity": "1", "unit_price": "140", "taxes": taxes}
    sale = await caller.sale((await caller.client())["id"], lines=[line])
    assert (sale["total"], [one["tax"] for one in sale["taxes"]]) == ("160.97", ["7.00", "13.97"])
    assert sale["lines"][0]["taxes"] == taxes


async def test_200_lines_are_taken_and_5000_within_the_size_limit(caller: Caller) -> None:
    client = await caller.client()
    line = {"description": "A", "quantity": "1", "unit_price": "0.01", "tax_rate": "20"}
    for lines, status in ((200, 201), (5_000, 201), (5_001, 422)):
        answer = await caller.post("/v1/sales", an_invoice(client["id"], lines=[line] * lines))
        assert answer.status == status, answer.text[:500]
    long = line | {"description": "x" * 300}
    assert (await caller.post("/v1/sales", an_invoice(client["id"], lines=[long] * 5_000))).status == 413
