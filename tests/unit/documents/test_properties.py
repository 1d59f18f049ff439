"""Generated documents: what goes in comes out, exactly, by XML and by JSON."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.primitives.currencies import CURRENCIES
from contracts.values import YEARS
from documents.command_form import as_json, identity
from documents.document import InboxDocument
from tests.unit.documents.messages import a_sale, accepted

pytestmark = pytest.mark.slow

WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=30
).map(str.strip).filter(bool)  # fmt: skip
CODES = st.text("0123456789-AZ", min_size=1, max_size=20)


def decimals(whole_digits: int, places: int, *, signed: bool = True) -> st.SearchStrategy[str]:
    most = Decimal(10) ** whole_digits - Decimal(10) ** -places
    numbers = st.decimals(-most if signed else 0, most, places=places)
    return numbers.map(lambda value: f"{value or abs(value):f}")  # "-0" comes back as "0"


QUANTITIES = st.integers(0, 8).flatmap(lambda places: decimals(12, places))
AMOUNTS = st.integers(0, 8).flatmap(lambda places: decimals(15, places))
PERCENTS = st.decimals(0, 100, places=4).map(lambda value: f"{value:f}")
DAYS = st.dates(date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)).map(str)

LINES = st.fixed_dictionaries(
    {"quantity": QUANTITIES, "unit_price": QUANTITIES, "name": WORDS},
    optional={
        "item_code": CODES,
        "barcode": CODES,
        "description": WORDS,
        "discount": PERCENTS,
        "total": AMOUNTS,
        "unit": WORDS,
    },
)
ADJUSTMENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["charge", "discount"]), "mode": st.sampled_from(["pct", "amount"]), "amount": PERCENTS},
    optional={"description": WORDS},
)
TERMS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"type": st.sampled_from([1, 2]), "days": st.integers(0, 3650)}).map(
        lambda t: {"pay_term": t}
    ),
    st.sampled_from([3, 4]).map(lambda kind: {"pay_term": {"type": kind}}),
    DAYS.map(lambda day: {"pay_term": {"type": 0}, "date_due": day}),
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "document_date": DAYS,
        "document_ref": CODES,
        "supplier": st.fixed_dictionaries({"name": WORDS}, optional={"reg_number": CODES}),
        "sale_type": st.sampled_from(["sales_order", "sales_invoice", "credit_note", "sales_receipt"]),
        "currency": st.sampled_from(sorted(CURRENCIES)),
        "include_tax": st.booleans(),
        "lines": st.lists(LINES, min_size=1, max_size=4),
    },
    optional={
        "client": st.fixed_dictionaries({"name": WORDS}),
        "operation": st.sampled_from(["sell_goods", "sell_services", "other_income"]),
        "tax_basis": st.integers(1, 2),
        "deposit": st.integers(0, 8).flatmap(lambda places: decimals(15, places, signed=False)),
        "payment_method": st.integers(0, 6),
        "shipping_type": st.integers(0, 3),
        "adjustments": st.lists(ADJUSTMENTS, min_size=1, max_size=3),
        "shipping_charge": AMOUNTS,
        "gross_amount": AMOUNTS,
        "net_amount": AMOUNTS,
    },
)


@st.composite
def twins(draw: st.DrawFn) -> dict[str, Any]:
    message: dict[str, Any] = {"document": {**draw(DOCUMENTS), **draw(TERMS)}}
    if draw(st.booleans()):
        message["comment"] = draw(WORDS)
    return message


def as_sale(form: dict[str, Any]) -> dict[str, Any]:
    """The same said in PayTraq's elements, written without any of the code under test."""
    document = form["document"]
    term = document.get("pay_term", {})
    return {
        "Header": {
            "Document": {
                "DocumentDate": document["document_date"],
                "DocumentRef": document["document_ref"],
                "SupplierData": {
                    "SupplierName": document["supplier"]["name"],
                    "SupplierRegNumber": document["supplier"].get("reg_number"),
                },
                "ClientData": {"ClientName": document.get("client", {}).get("name")},
            },
            "SaleType": document["sale_type"],
            "Operation": document.get("operation"),
            "Currency": document["currency"],
            "TaxBasis": document.get("tax_basis"),
            "IncludeTax": str(document["include_tax"]).lower(),
            "PayTerm": {"PayTermType": term.get("type"), "PayTermDays": term.get("days")},
            "DateDue": document.get("date_due"),
            "Deposit": document.get("deposit"),
            "Comment": form.get("comment"),
            "PaymentMethod": document.get("payment_method"),
            "ShippingData": {"ShippingType": document.get("shipping_type")},
        },
        "LineItems": {"LineItem": [as_line_item(line) for line in document["lines"]]},
        "Adjustments": {
            "Adjustment": [
                {
                    "Amount": each["amount"],
                    "Description": each.get("description"),
                    "TypeID": each["type"],
                    "PctOrAmount": each["mode"],
                }
                for each in document.get("adjustments", [])
            ]
        },
        "ShippingCharge": {"Amount": document.get("shipping_charge")},
        "Totals": {"GrossAmount": document.get("gross_amount"), "NetAmount": document.get("net_amount")},
    }


def as_line_item(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "Item": {"ItemCode": line.get("item_code"), "ItemBarCode": line.get("barcode"), "ItemName": line["name"]},
        "Description": line.get("description"),
        "Qty": line["quantity"],
        "Price": line["unit_price"],
        "LineDiscount": line.get("discount"),
        "LineTotal": line.get("total"),
        "Unit": {"UnitName": line.get("unit")},
    }


def by_json(form: dict[str, Any]) -> InboxDocument:
    return accepted(json.dumps(form).encode(), content_type="application/json").document


@settings(max_examples=150, deadline=None)
@given(twins())
def test_a_document_comes_out_as_it_went_in_by_json_and_by_xml(form: dict[str, Any]) -> None:
    from_xml, from_json = accepted(a_sale(of=as_sale(form))).document, by_json(form)
    assert from_xml == from_json
    assert as_json(from_xml) == form
    assert identity(from_xml) == identity(from_json)
