"""Orders as shops send them by themselves are read by their content in the sales inbox."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from documents.command_form import as_json
from documents.parser import read_document
from tests.unit.documents.messages import accepted, refused

WOOCOMMERCE: dict[str, Any] = {
    "id": 727, "number": "727", "order_key": "wc_order_58d2d042d1d", "status": "processing", "currency": "EUR",
    "date_created": "2026-03-22T16:28:02", "prices_include_tax": False, "discount_total": "4.00",
    "shipping_total": "10.00", "shipping_tax": "2.10", "total": "50.82", "total_tax": "8.82",
    "billing": {
        "first_name": "Aija", "last_name": "Ozola", "company": "", "address_1": "Iela 2", "address_2": "",
        "city": "Cēsis", "state": "", "postcode": "LV-4101", "country": "LV", "email": "aija@ozola.example",
        "phone": "+371 20000000",
    },
    "customer_note": "Ring twice",
    "line_items": [
        {"id": 1, "name": "Paper A4", "sku": "P-80", "quantity": 3, "subtotal": "36.00", "total": "32.00",
         "total_tax": "6.72", "price": 10.6666667, "taxes": [{"id": 75, "total": "6.72", "subtotal": "7.56"}]},
    ],
    "tax_lines": [{"id": 318, "rate_id": 75, "label": "PVN", "rate_percent": 21, "tax_total": "6.72"}],
    "shipping_lines": [{"id": 317, "method_title": "Flat rate", "total": "10.00"}],
    "fee_lines": [],
}  # fmt: skip
SHOPIFY: dict[str, Any] = {
    "id": 820982911946154508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508", "name": "#9999",
    "created_at": "2026-03-22T16:28:02+02:00", "currency": "EUR", "financial_status": "paid", "taxes_included": True,
    "email": "jon@example.com", "total_price": "121.00", "total_tax": "21.00", "note": None,
    "customer": {"first_name": "Jon", "last_name": "Doe", "email": "jon@example.com"},
    "billing_address": {"company": "Doe Ltd", "address1": "1 Quay", "city": "Riga", "zip": "LV-1010",
                        "province": None, "country_code": "LV", "phone": None},
    "line_items": [
        {"title": "Paper", "name": "Paper - A4", "sku": "P-80", "quantity": 2, "price": "60.00",
         "discount_allocations": [{"amount": "9.00"}], "tax_lines": [{"title": "PVN", "rate": 0.21, "price": "19.26"}]},
    ],
    "shipping_lines": [{"title": "Post", "price": "10.00", "discounted_price": "10.00"}],
}  # fmt: skip


def read(order: dict[str, Any]) -> dict[str, Any]:
    parsed = accepted(json.dumps(order).encode(), box="sales", content_type="application/json")
    assert [one for one in parsed.warnings if one.code != "gross_below_net"] == []
    return as_json(parsed.document)


def test_an_order_of_woocommerce() -> None:
    said = read(WOOCOMMERCE)
    document = said["document"]
    assert (said["comment"], document["document_ref"], document["document_date"]) == ("Ring twice", "727", "2026-03-22")
    assert (document["sale_type"], document["include_tax"]) == ("sales_order", False)
    assert document["client"]["name"] == "Aija Ozola"
    assert document["client"]["address"] == {
        "street": "Iela 2", "city": "Cēsis", "postal_code": "LV-4101", "country": "LV",
    }  # fmt: skip
    (line,) = document["lines"]
    assert (line["quantity"], line["unit_price"], line["discount_amount"]) == ("3", "12", "4.00")
    assert (line["total"], line["tax_rate"], line["item_code"]) == ("32.00", "21", "P-80")
    assert (document["shipping_charge"], document["net_amount"], document["gross_amount"]) == (
        "10.00", "42.00", "50.82",
    )  # fmt: skip


def test_an_order_of_shopify() -> None:
    document = read(SHOPIFY)["document"]
    assert (document["document_ref"], document["external_id"]) == ("#9999", "820982911946154508")
    assert (document["client"]["name"], document["client"]["type"]) == ("Doe Ltd", "company")
    assert document["include_tax"] is True
    (line,) = document["lines"]
    assert (line["name"], line["unit_price"], line["discount_amount"], line["tax_rate"]) == (
        "Paper - A4", "60.00", "9.00", "21",
    )  # fmt: skip
    assert (document["shipping_charge"], document["net_amount"]) == ("10.00", "100.00")


@pytest.mark.parametrize("order", [WOOCOMMERCE, SHOPIFY])
def test_a_shops_order_is_none_of_a_supplier(order: dict[str, Any]) -> None:
    assert "document" in refused(json.dumps(order).encode(), box="purchases", content_type="application/json")


@pytest.mark.parametrize(("field", "value"), [("line_items", [{}]), ("currency", "XXX1"), ("line_items", ["x", 3])])
def test_an_order_that_lacks_what_a_document_needs_is_refused_by_our_fields(field: str, value: Any) -> None:
    faults = refused(json.dumps(SHOPIFY | {field: value}).encode(), box="sales", content_type="application/json")
    assert all(path.startswith("document.") for path in faults)


ODD: tuple[Any, ...] = (None, [], {}, [[]], [None], {"a": {}}, True, -1, 1.5, 10**18, "", "x", "NaN", "1E999999")


def with_each_odd_value(order: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(order, dict | list):
        for key in order if isinstance(order, dict) else range(len(order)):
            yield from with_each_odd_value(order[key], (*path, key))
    if path:
        yield from ((path, odd) for odd in ODD)


@pytest.mark.parametrize("order", [WOOCOMMERCE, SHOPIFY])
def test_no_odd_value_in_a_shops_order_is_more_than_a_fault(order: dict[str, Any]) -> None:
    for path, odd in with_each_odd_value(order):
        changed = copy.deepcopy(order)
        place: Any = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = odd
        read_document(json.dumps(changed).encode(), content_type="application/json", box="sales")
