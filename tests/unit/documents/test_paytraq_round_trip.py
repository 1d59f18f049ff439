"""A sales document written as PayTraq's `<Sale>` and read by our own inbox is the same document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from contracts.resources.schemas import PAYMENT_METHODS
from documents.command_form import as_json
from documents.paytraq_writer import write_sale
from documents.writing import NotWritable
from ledger.sales.amounts import AdjustmentFacts, LineFacts, SaleFacts, Tax, totals
from tests.support.ledger_documents import SELLER, sale_of, sales
from tests.unit.documents.messages import accepted

pytestmark = pytest.mark.slow

KINDS = ("sales_order", "sales_proforma", "sales_invoice", "sales_receipt", "sales_estimate", "credit_note")
HEADER = ("sale_type", "operation", "currency", "tax_basis", "include_tax", "document_date")


def read_back(sale: dict[str, Any]) -> dict[str, Any]:
    parsed = accepted(write_sale(sale, SELLER))
    assert parsed.warnings == ()
    return as_json(parsed.document)


def recomputed(document: dict[str, Any]) -> tuple[int, int, int]:
    """Net, tax and total as the ledger makes them of what was read."""
    made = totals(
        SaleFacts(
            currency=document["currency"],
            lines=tuple(
                LineFacts(
                    Decimal(line["quantity"]),
                    Decimal(line["unit_price"]),
                    Decimal(line.get("discount", "0")),
                    (Tax(line.get("tax_category", ""), Decimal(line["tax_rate"])),) if "tax_rate" in line else (),
                )
                for line in document["lines"]
            ),
            adjustments=tuple(
                AdjustmentFacts(one["type"], one["mode"], Decimal(one["amount"]))
                for one in document.get("adjustments", [])
            ),
            shipping_charge=Decimal(document.get("shipping_charge", "0")),
            include_tax=document["include_tax"],
        )
    )
    return made.net_minor, made.tax_minor, made.total_minor


def minor(amount: str) -> int:
    return int(amount.replace(".", ""))


@settings(max_examples=200, deadline=None)
@given(sales(kinds=KINDS, currencies=("EUR", "JPY", "KWD", "RSD")))
def test_what_comes_back_is_the_same_document(sale: dict[str, Any]) -> None:
    said = read_back(sale)
    document = said["document"]
    assert {name: document.get(name) for name in HEADER} == {name: sale[name] for name in HEADER}
    assert document["document_ref"] == sale["number"]
    assert (document["gross_amount"], document["net_amount"]) == (sale["total"], sale["net"])
    assert document.get("deposit", "0") == (sale["deposit"] if Decimal(sale["deposit"]) else "0")
    method = document.get("payment_method")
    assert (None if method is None else PAYMENT_METHODS[method]) == sale["payment_method"]
    assert document.get("shipping_type") == sale["shipping_type"]
    assert said.get("comment") == sale["comment"]
    assert [line["description"] for line in document["lines"]] == [line["description"] for line in sale["lines"]]
    assert [line.get("unit") for line in document["lines"]] == [line["unit"] for line in sale["lines"]]
    assert [line.get("tax_category") for line in document["lines"]] == [line["tax_category"] for line in sale["lines"]]
    assert recomputed(document) == (minor(sale["net"]), minor(sale["tax"]), minor(sale["total"]))


@settings(max_examples=50, deadline=None)
@given(sales())
def test_the_due_date_comes_back(sale: dict[str, Any]) -> None:
    document, term = read_back(sale)["document"], sale["pay_term"]
    if term is None:
        assert document.get("date_due") == sale["date_due"]
    else:
        assert document["pay_term"] == {name: value for name, value in term.items() if value is not None}


def test_both_parties_come_back_with_numbers_and_address() -> None:
    address = {"street": "Rue 1", "city": "Lille", "postal_code": "59000", "region": None, "country": "FR"}
    client = {
        "name": "Léa",
        "type": "person",
        "vat_number": "FR12345678901",
        "email": "l@x.example",
        "address": address,
    }
    sale = sale_of({"sale_type": "sales_invoice", "client": client, "lines": [A_LINE]})
    document = read_back(sale)["document"]
    assert document["supplier"] == {
        "name": SELLER["name"],
        "reg_number": SELLER["reg_number"],
        "tax_number": SELLER["vat_number"],
        "email": SELLER["email"],
    }
    assert document["client"] == client | {"address": {name: value for name, value in address.items() if value}}


A_LINE = {"description": "Paper", "quantity": "1", "unit_price": "10.00", "tax_rate": "21"}


def test_several_taxes_on_a_line_come_back_as_words() -> None:
    taxes = [{"category": "GST", "rate": "5"}, {"category": "QST", "rate": "9.975"}]
    line = {"description": "Paper", "quantity": "1", "unit_price": "140.00", "taxes": taxes}
    document = read_back(sale_of({"sale_type": "sales_invoice", "client": {"name": "C"}, "lines": [line]}))["document"]
    assert document["lines"][0]["tax_name"] == "5% + 9.975%"
    assert document["gross_amount"] == "160.97"


def test_a_draft_is_not_written() -> None:
    sale = sale_of({"sale_type": "sales_invoice", "client": {"name": "C"}, "lines": [A_LINE]}, number=None)
    with pytest.raises(NotWritable) as refused:
        write_sale(sale, SELLER)
    assert [fault.path for fault in refused.value.faults] == ["number"]
