"""Totals are checked exactly and flagged, never refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.documents.messages import a_sale, accepted, sample, texts


def a_bill(lines: list[dict[str, str]], **rest: Any) -> bytes:
    """A bill of these lines, with nothing but what is given beside them."""
    header = {
        "Document": {
            "DocumentDate": "2026-01-30",
            "DocumentRef": "T-1",
            "SupplierData": {"SupplierName": "S"},
        },
        "SaleType": "sales_invoice",
        "Currency": rest.pop("currency", "EUR"),
        "IncludeTax": rest.pop("include_tax", "false"),
    }
    items = [{"Description": "x", **line} for line in lines]
    return a_sale(of={"Header": header, "LineItems": {"LineItem": items}, **rest})


def flagged(body: bytes) -> list[str]:
    return texts(accepted(body))


LINE_TOTAL = "/Sale/LineItems/LineItem[1]/LineTotal"


@pytest.mark.parametrize(
    ("currency", "qty", "price", "discount", "total"),
    [
        ("EUR", "95", "26.0347", "", "2473.30"),
        ("EUR", "10", "4.50", "5", "42.75"),
        ("EUR", "1", "0.005", "", "0.01"),
        ("EUR", "-1", "0.005", "", "-0.01"),
        ("EUR", "3", "33.333333", "", "100.00"),
        ("EUR", "1", "19.99", "100", "0"),
        ("EUR", "7", "0.145", "", "1.015"),
        ("JPY", "3", "33.5", "", "101"),
        ("KWD", "3", "1.1115", "", "3.335"),
        ("EUR", "999999999999.99999999", "0.00000001", "33.333333", "6666.67"),
        ("EUR", "0", "999999999999", "", "0"),
    ],
)
def test_a_line_is_quantity_by_price_less_discount_rounded_half_up(
    currency: str, qty: str, price: str, discount: str, total: str
) -> None:
    line = {"Qty": qty, "Price": price, "LineDiscount": discount, "LineTotal": total}
    assert flagged(a_bill([line], currency=currency)) == []


@pytest.mark.parametrize(
    ("currency", "total", "counted"), [("EUR", "42.77", "42.75"), ("JPY", "41", "43"), ("KWD", "42.752", "42.750")]
)
def test_a_line_that_does_not_add_up_is_flagged_with_both_amounts(currency: str, total: str, counted: str) -> None:
    line = {"Qty": "10", "Price": "4.50", "LineDiscount": "5", "LineTotal": total}
    assert flagged(a_bill([line], currency=currency)) == [
        f"{LINE_TOTAL} is {total}, but quantity, price and discount make {counted}"
    ]


@pytest.mark.parametrize(
    ("currency", "qty", "price", "total"),
    [
        ("EUR", "24.5", "0.1973", "4.84"),
        ("EUR", "245", "0.1973", "48.33"),
        ("JPY", "3", "33.5", "100"),
        ("KWD", "1", "1", "0.999"),
    ],
)
def test_a_line_may_differ_by_one_minor_unit(currency: str, qty: str, price: str, total: str) -> None:
    line = {"Qty": qty, "Price": price, "LineTotal": total}
    assert flagged(a_bill([line], currency=currency)) == []


@pytest.mark.parametrize(("net", "flags"), [("2.98", 0), ("3.03", 0), ("3.04", 1), ("2.96", 1)])
def test_a_total_may_differ_by_one_minor_unit_a_line(net: str, flags: int) -> None:
    lines = [{"Qty": "1", "Price": "1"}] * 3
    assert len(flagged(a_bill(lines, Totals={"NetAmount": net}))) == flags


def test_the_largest_numbers_are_counted_exactly() -> None:
    most = "999999999999.99999999"
    line = {"Qty": most, "Price": most, "LineDiscount": "0.000001", "LineTotal": "1"}
    (text,) = flagged(a_bill([line]))
    assert text.endswith("make 999999989999999999980000.00")


CHANGES = [
    ("charge", "amount", "3.333", "103.33"),
    ("discount", "amount", "3.333", "96.67"),
    ("charge", "pct", "10", "110.00"),
    ("discount", "pct", "33.3333", "66.67"),
]


@pytest.mark.parametrize(("kind", "mode", "amount", "net"), CHANGES)
def test_an_adjustment_is_an_amount_or_percent_of_the_lines(kind: str, mode: str, amount: str, net: str) -> None:
    adjustments = {"Adjustment": [{"TypeID": kind, "PctOrAmount": mode, "Amount": amount}]}
    lines = [{"Qty": "1", "Price": "40"}, {"Qty": "1", "Price": "60", "LineTotal": "60"}]
    assert flagged(a_bill(lines, Adjustments=adjustments, Totals={"NetAmount": net})) == []
    assert flagged(a_bill(lines, Adjustments=adjustments, Totals={"NetAmount": "1"})) == [
        f"/Sale/Totals/NetAmount is 1, but lines, adjustments and shipping make {net}"
    ]


def test_every_percentage_is_of_the_lines_alone() -> None:
    change = {"TypeID": "discount", "PctOrAmount": "pct", "Amount": "10"}
    bill = a_bill(
        [{"Qty": "1", "Price": "100"}],
        Adjustments={"Adjustment": [change, change]},
        ShippingCharge={"Amount": "5"},
        Totals={"NetAmount": "85"},
    )
    assert flagged(bill) == []


def test_with_tax_included_the_lines_make_the_gross_amount() -> None:
    lines = [{"Qty": "2.5", "Price": "80"}]
    assert flagged(a_bill(lines, include_tax="true", Totals={"GrossAmount": "200", "NetAmount": "160"})) == []
    assert flagged(a_bill(lines, include_tax="true", Totals={"GrossAmount": "201", "NetAmount": "160"})) == [
        "/Sale/Totals/GrossAmount is 201, but lines, adjustments and shipping make 200.00"
    ]


@pytest.mark.parametrize(
    ("price", "gross", "net", "flag"),
    [
        ("100", "121", "100", None),
        ("100", "100", "100", None),
        ("100", "99.99", "100", "less than"),
        ("-100", "-121", "-100", None),
        ("-100", "-99", "-100", "less than"),
        ("100", "-121", "100", "wrong sign"),
        ("0", "0", "0", None),
    ],
)
def test_gross_is_not_less_than_net(price: str, gross: str, net: str, flag: str | None) -> None:
    bill = a_bill([{"Qty": "1", "Price": price}], Totals={"GrossAmount": gross, "NetAmount": net})
    if flag is None:
        assert flagged(bill) == []
    else:
        (text,) = flagged(bill)
        assert text.startswith(f"/Sale/Totals/GrossAmount is {gross}, ")
        assert flag in text


def test_what_is_not_stated_is_not_checked() -> None:
    assert flagged(a_bill([{"Qty": "1", "Price": "1"}])) == []


@pytest.mark.parametrize("name", ["direct/full.xml", "direct/minimal.xml", "direct/due_date.xml", "ubl/invoice.xml"])
def test_the_samples_add_up(name: str) -> None:
    assert flagged(sample(name)) == []
