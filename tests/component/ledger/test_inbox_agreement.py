"""What comes to other amounts than its sender states stays a draft, whatever was requested."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.wire import commands
from tests.support.ledger import Answer, LedgerHarness
from tests.support.ledger_inbox import a_line, a_rule, accept, an_order, follow_ups, message, received

FLAGS = {"process": True, "approve": True, "send": True, "payment": {"amount": "36.30"}}
UNMAPPED = [a_line(quantity="1", unit_price="30", tax_rate=None, tax_key="7781")]

DISCOUNT = {"type": "discount", "mode": "amount", "amount": "1"}


async def issued(ledger: LedgerHarness, **fields: Any) -> tuple[Answer, dict[str, Any]]:
    """Accept an order to be issued at once; answer its message and its document."""
    order = an_order(sale_type="sales_invoice", **fields)
    answer = await accept(ledger, "sales", await received(ledger, order), issue=True)
    assert answer.status == 200, answer.body
    return answer, dict(await ledger.row("sale", answer.body["result"]["sale_id"]))


def codes(answer: Answer) -> list[str]:
    return [warning["code"] for warning in answer.body["warnings"]]


async def test_a_tax_that_is_reported_in_totals_alone_keeps_the_draft(ledger: LedgerHarness) -> None:
    answer, sale = await issued(ledger, lines=UNMAPPED, net_amount="30.00", gross_amount="36.30")
    assert (sale["status"], sale["number"], sale["total_minor"]) == ("draft", None, 3000)
    assert codes(answer) == ["totals_differ", "unknown_tax", "not_issued"]
    assert answer.body["warnings"][0] == {
        "path": "document.gross_amount",
        "code": "totals_differ",
        "message": "is 36.30, but the draft has 30.00",
    }
    assert await ledger.triggers() == ["inbox.received", "client.created", "sale.created", "inbox.accepted"]


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": [a_line()], "gross_amount": "29.29"},
        {"lines": [a_line()], "net_amount": "24.19"},
        {"lines": [a_line(tax_rate="20")], "gross_amount": "29.28", "net_amount": "24.20"},
        {"lines": [a_line()], "include_tax": True, "gross_amount": "24.20", "net_amount": "19.99"},
        {"lines": [a_line()], "gross_amount": "29.28", "adjustments": [DISCOUNT]},
        {"lines": [a_line()], "gross_amount": "29.28", "shipping_charge": "3"},
        {"lines": [a_line()], "payable_amount": "29.30", "rounding_amount": "0.02"},
        {"lines": [a_line()], "prepaid_amount": "-5.00", "payable_amount": "34.28"},
        {"lines": [a_line()], "taxes": [{"category": "S", "rate": "10", "tax_amount": "5.08"}]},
        {"lines": UNMAPPED},
        {"lines": UNMAPPED, "net_amount": "30.00"},
        {"lines": UNMAPPED, "gross_amount": "30.00"},
        {"lines": [a_line(tax_rate=None, tax_name="Reduced")]},
        {"lines": [a_line()], "shipping_charge": "3", "shipping_tax_rate": "5"},
        {"lines": [a_line()], "shipping_charge": "3", "shipping_tax_key": "9"},
    ],
)  # fmt: skip
async def test_what_differs_or_cannot_be_known_keeps_the_draft(ledger: LedgerHarness, fields: dict[str, Any]) -> None:
    answer, sale = await issued(ledger, **fields)
    assert sale["status"] == "draft"
    assert codes(answer)[-1] == "not_issued"
    assert len(codes(answer)) > 1


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": [a_line()]},
        {"lines": [a_line()], "gross_amount": "29.28", "net_amount": "24.2"},
        {"lines": UNMAPPED, "gross_amount": "30.00", "net_amount": "30.00"},
        {"lines": [a_line()], "prepaid_amount": "5", "deposit": "5", "payable_amount": "24.28"},
        {"lines": [a_line()], "taxes": [{"category": "S", "rate": "21.00", "tax_amount": "5.08"}]},
        {"lines": [a_line()], "include_tax": True, "gross_amount": "24.20", "net_amount": "20.00"},
        {"lines": [a_line()], "shipping_charge": "3", "shipping_tax_rate": "21.0"},
    ],
)
async def test_what_agrees_is_issued(ledger: LedgerHarness, fields: dict[str, Any]) -> None:
    answer, sale = await issued(ledger, **fields)
    assert sale["status"] == "issued"
    assert codes(answer) == []


async def test_a_rule_issues_and_pays_nothing_that_differs(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales", issue=True, auto_processing=True)
    order = an_order(
        sale_type="sales_invoice", lines=UNMAPPED, net_amount="30.00", gross_amount="36.30",
        beside={"auto_processing": FLAGS},
    )  # fmt: skip
    command = ledger.command(commands.RECEIVE_INBOX_MESSAGE, order)
    await ledger.handle(command)
    (apply,) = await follow_ups(ledger, command.id)
    await ledger.handle(apply)
    assert await follow_ups(ledger, apply.id) == []
    shown = await message(ledger, order["message_id"])
    sale = await ledger.row("sale", shown["result"]["sale_id"])
    assert (shown["state"], sale["status"], sale["amount_due_minor"]) == ("accepted", "draft", 3000)
    assert [one["code"] for one in shown["warnings"]] == [
        "totals_differ", "unknown_tax", "not_issued", "auto_processing",
    ]  # fmt: skip


async def test_a_person_who_mends_the_taxes_issues_it(ledger: LedgerHarness) -> None:
    order = an_order(sale_type="sales_invoice", lines=UNMAPPED, net_amount="30.00", gross_amount="36.30")
    mended = {"lines": [a_line(quantity="1", unit_price="30", tax_rate="21")]}
    answer = await accept(ledger, "sales", await received(ledger, order), issue=True, document=mended)
    assert codes(answer) == []
    assert (await ledger.row("sale", answer.body["result"]["sale_id"]))["total_minor"] == 3630


async def test_very_many_unknown_taxes_are_named_by_example(ledger: LedgerHarness) -> None:
    answer, _ = await issued(ledger, lines=UNMAPPED * 500)
    assert len(codes(answer)) == 22
    assert answer.body["warnings"][20]["message"] == "has 480 more lines with a tax that is no rate"
