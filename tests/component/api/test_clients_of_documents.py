"""The client of a document or payment: named alike everywhere; a missing one is reported with all other faults."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.catalog import TRIGGERS
from contracts.primitives.ids import new_id
from tests.support.caller import Caller

LINE = {"description": "Work", "quantity": "1", "unit_price": "10"}


async def test_sales_and_payments_name_their_client_alike(caller: Caller) -> None:
    client = await caller.client(email="accounts@ozola.example", external_id="crm-1")
    named = {name: client[name] for name in ("id", "name", "email", "external_id")}
    sale, payment = await caller.sale(client["id"]), await caller.payment(client["id"], "5")
    assert {name: sale["client"][name] for name in named} == named
    assert payment["client"] == named
    assert (await caller.read(f"/v1/payments/{payment['id']}"))["client"] == named
    assert list(TRIGGERS["payment.posted"].sample["client"]) == list(named)
    assert TRIGGERS["sale.posted"].sample["client"].keys() == sale["client"].keys()


async def test_a_missing_client_is_reported_with_the_other_faults(caller: Caller) -> None:
    refused = await caller.post(
        "/v1/sales", {"sale_type": "invoice", "document_date": "0", "lines": [LINE | {"quantity": "x"}]}
    )
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")
    assert {"client_id", "sale_type", "document_date", "lines[0].quantity"} <= refused.faults.keys()
    both = await caller.post("/v1/sales", {"client_id": str(new_id()), "client": {"name": "A"}, "sale_type": "x"})
    assert {"client_id", "sale_type", "lines"} <= both.faults.keys()


async def test_a_receipt_without_a_payment_names_the_field(caller: Caller) -> None:
    client = await caller.client()
    receipt = {"sale_type": "sales_receipt", "client_id": client["id"], "lines": [LINE], "issue": True}
    refused = await caller.post("/v1/sales", receipt)
    assert (refused.status, list(refused.faults)) == (409, ["payment_id"])


async def test_an_invoice_without_a_term_is_due_after_14_days_and_a_credit_note_at_once(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    assert date.fromisoformat(sale["date_due"]) - date.fromisoformat(sale["document_date"]) == timedelta(days=14)
    note = await caller.sale(client["id"], sale_type="credit_note")
    assert note["date_due"] == note["document_date"]
    assert not sale["overdue"]


async def test_the_ledger_says_invalid_input_as_the_door_does(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    over = {"client_id": client["id"], "amount": "500", "currency": "EUR"}
    refused = await caller.post("/v1/payments", over | {"allocations": [{"sale_id": sale["id"], "amount": "400"}]})
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")


async def test_days_beyond_the_calendar_are_refused_in_reports(caller: Caller) -> None:
    for report in ("trial-balance", "ageing"):
        for day in ("0", "0001-01-01", "9999-12-31", "20260302", "2026-02-30"):
            refused = await caller.get(f"/v1/reports/{report}?as_of={day}")
            assert (refused.status, list(refused.faults)) == (422, ["as_of"])
        assert (await caller.get(f"/v1/reports/{report}?as_of=2199-12-31")).status == 200


async def test_query_values_are_those_that_are_documented(caller: Caller) -> None:
    assert (await caller.get("/v1/sales?overdue=true&limit=5")).status == 200
    for query in ("overdue=1", "overdue=yes", "limit=5.0", "limit=%2B5", "limit=true"):
        assert (await caller.get(f"/v1/sales?{query}")).status == 422
