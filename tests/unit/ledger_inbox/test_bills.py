"""What a bill says: stated amounts count, others follow from the lines, what is missing is reported."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.command_errors import InvalidInput
from contracts.primitives.ids import new_id
from ledger.account import Account
from ledger.bills.bill import ParsedBill, lines_of, parse_bill, type_of
from ledger.inbox.document import read

TODAY = date(2026, 3, 5)
ACCOUNT = Account(new_id(), currency="EUR")


def a_line(quantity: str = "10", unit_price: str = "4.20", **fields: Any) -> dict[str, Any]:
    return {"description": "Paper A4", "quantity": quantity, "unit_price": unit_price} | fields


def a_bill(**fields: Any) -> ParsedBill:
    said = {"document_date": "2026-03-01", "document_ref": "A-17", "currency": "EUR", "lines": [a_line()]} | fields
    document = read({name: value for name, value in said.items() if value is not None}, None)
    return parse_bill(document, account=ACCOUNT, today=TODAY)


def amounts(**fields: Any) -> tuple[int, int, int]:
    computed = a_bill(**fields).amounts
    return computed.net, computed.tax, computed.total


def faults(**fields: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        a_bill(**fields)
    return sorted(fault.path for fault in refusal.value.faults)


@pytest.mark.parametrize(
    ("fields", "net_tax_total"),
    [
        ({"gross_amount": "50.82", "net_amount": "42.00"}, (4200, 882, 5082)),
        ({"gross_amount": "1.00", "net_amount": "42.00"}, (4200, -4100, 100)),
        ({"gross_amount": "-42", "net_amount": "-42", "lines": [a_line("-10")]}, (-4200, 0, -4200)),
        ({}, (4200, 0, 4200)),
        ({"lines": [a_line(tax_rate="21")]}, (4200, 882, 5082)),
        ({"lines": [a_line(tax_name="21%")]}, (4200, 882, 5082)),
        ({"lines": [a_line(tax_rate="21")], "include_tax": True}, (3471, 729, 4200)),
        ({"lines": [a_line(tax_rate="21")], "gross_amount": "50.83"}, (4201, 882, 5083)),
        ({"lines": [a_line(tax_rate="21")], "net_amount": "42.01"}, (4201, 882, 5083)),
        ({"lines": None, "gross_amount": "121"}, (12100, 0, 12100)),
        ({"lines": None, "gross_amount": "121", "net_amount": "100"}, (10000, 2100, 12100)),
        (
            {"shipping_charge": "3", "adjustments": [{"type": "discount", "mode": "pct", "amount": "10"}]},
            (4080, 0, 4080),
        ),
        ({"gross_amount": "0.005", "net_amount": "0"}, (0, 1, 1)),
        ({"currency": "JPY", "gross_amount": "42.4", "net_amount": "42"}, (42, 0, 42)),
    ],
)
def test_stated_amounts_count_and_others_are_computed(
    fields: dict[str, Any], net_tax_total: tuple[int, int, int]
) -> None:
    assert amounts(**fields) == net_tax_total


def test_lines_are_shown_as_they_are_stated_else_as_they_are_computed() -> None:
    lines = [a_line(total="41.99"), a_line("3", "1.005", discount="50", name="Paper", tax_category="S", unit="pack")]
    shown = lines_of(a_bill(lines=lines))
    assert [line["net"] for line in shown] == ["41.99", "1.51"]
    assert (shown[1]["description"], shown[1]["unit"], shown[1]["tax_category"]) == ("Paper\nPaper A4", "pack", "S")


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"document_ref": None, "lines": None}, ["document.document_ref", "document.lines"]),
        ({"lines": [a_line("-10")]}, ["document.lines"]),
        ({"lines": [a_line("999999999999", "999999999999")]}, ["document.lines[0]"]),
        ({"gross_amount": "1", "shipping_charge": "-3"}, ["document.shipping_charge"]),
    ],
)
def test_what_no_bill_can_be_made_of_is_reported_at_once(fields: dict[str, Any], paths: list[str]) -> None:
    assert faults(**fields) == paths


def test_a_bill_is_in_the_accounts_currency_and_of_today_where_it_does_not_say() -> None:
    said = a_bill(currency=None, document_date=None)
    assert (said.currency, said.document_date) == ("EUR", TODAY)


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, None),
        ({"date_due": "2026-03-20", "pay_term": {"type": 0}}, date(2026, 3, 20)),
        ({"pay_term": {"type": 1, "days": 14}}, date(2026, 3, 15)),
        ({"pay_term": {"type": 2, "days": 10}}, date(2026, 4, 10)),
        ({"pay_term": {"type": 1}}, None),
        ({"pay_term": {"type": 3}}, date(2026, 3, 1)),
        ({"pay_term": {"type": 4}}, None),
    ],
)
def test_a_bill_is_due_as_it_says(fields: dict[str, Any], due: date | None) -> None:
    assert a_bill(**fields).date_due == due


def test_a_bill_is_an_invoice_unless_it_says_otherwise() -> None:
    kinds = [None, "sales_invoice", "credit_note", "sales_proforma"]
    assert [type_of(read({} if kind is None else {"sale_type": kind}, None)) for kind in kinds] == [
        "invoice", "invoice", "credit_note", "proforma",
    ]  # fmt: skip
