"""Money in currencies whose minor unit is not shown in everyday life: nothing is cut, wherever it is shown."""

from __future__ import annotations

import pytest

from tests.support.caller import Caller
from tests.unit.pdf.reading import pages


@pytest.mark.parametrize(
    ("currency", "price", "total", "shown"),
    [
        ("RSD", "10.55", "12.66", "RSD 12.66"),
        ("IQD", "10.555", "12.666", "IQD 12.666"),
        ("CLF", "10.5555", "12.6666", "CLF 12.6666"),
        ("JPY", "1055", "1266", "¥1,266"),
    ],
)
async def test_a_sale_and_its_payment_keep_every_minor_unit(
    caller: Caller, currency: str, price: str, total: str, shown: str
) -> None:
    client = await caller.client()
    line = {"description": "Work", "quantity": "1", "unit_price": price, "tax_rate": "20"}
    sale = await caller.sale(client["id"], currency=currency, lines=[line])
    assert (sale["total"], sale["taxes"][0]["net"]) == (total, price)
    assert (await caller.read(f"/v1/clients/{client['id']}"))["balance"][0]["receivable"] == total
    (page,) = pages((await caller.get(sale["pdf_url"])).raw)
    assert shown in page.replace("\xa0", " ")
    statement = await caller.read(f"/v1/clients/{client['id']}/statement?currency={currency}")
    assert statement["closing"] == total
    payment = await caller.payment(client["id"], total, (sale["id"], total), currency=currency)
    assert (payment["amount"], payment["allocations"][0]["amount"]) == (total, total)
    assert (await caller.read(f"/v1/sales/{sale['id']}"))["settlement"] == "paid"


async def test_a_bill_keeps_what_its_supplier_asks_for(caller: Caller) -> None:
    document = {
        "sale_type": "sales_invoice",
        "document_date": "2026-05-01",
        "document_ref": "D-1",
        "currency": "RSD",
        "supplier": {"name": "Dunav"},
        "lines": [{"description": "Paper", "quantity": "1", "unit_price": "4250.58"}],
        "gross_amount": "4250.58",
        "net_amount": "4250.58",
    }
    message = await caller.made_of("/v1/inbox/purchases", {"document": document})
    accepted = await caller.made_of(f"/v1/inbox/purchases/{message['id']}/accept", {})
    bill = await caller.read(f"/v1/bills/{accepted['result']['bill_id']}")
    assert (bill["total"], accepted["warnings"]) == ("4250.58", [])
