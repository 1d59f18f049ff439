"""Returns, deductions and discounts as amounts in the ledger, and credit notes that come to exactly their invoice."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.wire.commands import CONVERT_SALE, ISSUE_SALE, UPDATE_SALE, VOID_SALE
from ledger.verify.run import verify
from tests.support.ledger import LedgerHarness, a_line


async def is_sound(ledger: LedgerHarness) -> bool:
    return not (await verify(ledger.dsn, settled=False)).broken


async def credit(ledger: LedgerHarness, invoice: dict[str, Any], *lines: dict[str, Any], **fields: Any) -> Any:
    return await ledger.sale(
        invoice["client_id"], sale_type="credit_note", invoice_id=invoice["id"], lines=list(lines), **fields
    )


async def test_an_invoice_with_a_return_is_booked_paid_and_sound(ledger: LedgerHarness) -> None:
    client = await ledger.client()
    sale = await ledger.sale(client, lines=[a_line("1", "10", "20"), a_line("-1", "4", "5")])
    assert (sale.status, sale.body["net"], sale.body["tax"], sale.body["total"]) == (201, "6.00", "1.80", "7.80")
    assert sale.body["lines"][1]["net"] == "-4.00"
    assert await ledger.balances() == {"receivable": 780, "revenue": -600, "tax": -180}
    assert (await ledger.pay(client, "7.80", (sale.id, "7.80"))).status == 201
    assert await is_sound(ledger)


@pytest.mark.parametrize(
    ("lines", "figures"),
    [
        ([a_line("1", "10"), a_line("1", "-4", "20")], ("6.00", "-0.80", "5.20")),
        ([a_line("1", "10", "100"), a_line("-1", "15")], ("-5.00", "10.00", "5.00")),
        ([a_line("1", "10", "100"), a_line("-1", "20")], ("-10.00", "10.00", "0.00")),
        ([a_line("1", "10"), a_line("1", "-10")], ("0.00", "0.00", "0.00")),
    ],
)
@pytest.mark.parametrize("kind", ["sales_invoice", "credit_note"])
async def test_a_net_or_a_tax_below_0_is_booked_and_undone(
    ledger: LedgerHarness, kind: str, lines: list[dict[str, Any]], figures: tuple[str, str, str]
) -> None:
    sale = await ledger.sale(await ledger.client(), sale_type=kind, lines=lines)
    assert (sale.status, sale.body["net"], sale.body["tax"], sale.body["total"]) == (201, *figures)
    assert await is_sound(ledger)
    assert (await ledger.ask(VOID_SALE, {"id": sale.id})).status == 200
    assert not any((await ledger.balances()).values())
    assert await is_sound(ledger)


async def test_a_document_below_0_is_refused_and_leaves_nothing(ledger: LedgerHarness) -> None:
    client, before = await ledger.client(), await ledger.contents()
    refused = await ledger.sale(client, lines=[a_line("1", "10"), a_line("-1", "10.01")])
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "lines")
    after = await ledger.contents()
    assert {name: count for name, count in after.items() if before.get(name) != count}.keys() <= {"handled", "outcome"}


async def test_a_discount_amount_is_kept_through_changes_and_conversion(ledger: LedgerHarness) -> None:
    client = await ledger.client()
    line = a_line("1", "100", discount_amount="5")
    order = await ledger.sale(client, sale_type="sales_order", lines=[line], issue=False)
    assert (order.body["total"], order.body["lines"][0]["discount_amount"]) == ("95.00", "5.00")
    changed = await ledger.ask(UPDATE_SALE, {"id": order.id, "comment": "Thank you"})
    assert (changed.status, changed.body["total"]) == (200, "95.00")
    await ledger.ask(ISSUE_SALE, {"id": order.id})
    invoice = await ledger.ask(CONVERT_SALE, {"id": order.id, "issue": True})
    assert (invoice.status, invoice.body["total"], invoice.body["lines"]) == (201, "95.00", order.body["lines"])


async def test_a_discount_is_in_percent_or_an_amount(ledger: LedgerHarness) -> None:
    client = await ledger.client()
    both = await ledger.sale(client, lines=[a_line("1", "100", discount="5", discount_amount="5")])
    assert (both.status, both.body["errors"][0]["path"]) == (422, "lines[0]")
    over = await ledger.sale(client, lines=[a_line("1", "100", discount_amount="100.01")])
    assert (over.status, over.body["errors"][0]["path"]) == (422, "lines[0].discount_amount")


@pytest.mark.parametrize(
    ("prices", "rate"),
    [
        (("68.33", "57.50", "85.00", "68.33"), "20"),  # rounded each by itself, one too much
        (("0.12", "0.12", "0.12", "0.12"), "10"),  # and one too little
        (("0.05",) * 9, "10"),
        (("1.01", "2.02", "3.03"), "9.975"),
    ],
)
async def test_an_invoice_is_credited_line_by_line_to_exactly_0(
    ledger: LedgerHarness, prices: tuple[str, ...], rate: str
) -> None:
    lines = [a_line("1", price, rate) for price in prices]
    invoice = (await ledger.sale(await ledger.client(), lines=lines)).body
    notes = [await credit(ledger, invoice, line) for line in lines]
    assert [note.status for note in notes] == [201] * len(lines)
    assert (await ledger.row("sale", invoice["id"]))["amount_due_minor"] == 0
    assert (await credit(ledger, invoice, a_line("1", "0.01"))).status == 409
    assert await is_sound(ledger)


async def test_drafts_of_credit_notes_get_their_tax_as_they_are_issued_in_one_batch_too(ledger: LedgerHarness) -> None:
    lines = [a_line("1", price, "20") for price in ("68.33", "57.50", "85.00", "68.33")]
    invoice = (await ledger.sale(await ledger.client(), lines=lines)).body
    drafts = [await credit(ledger, invoice, line, issue=False) for line in lines]
    issuing = [ledger.command(ISSUE_SALE, {"id": draft.id}) for draft in drafts]
    await ledger.handle(*issuing)
    assert [(await ledger.outcome(command.id)).status for command in issuing] == [200] * 4
    assert (await ledger.row("sale", invoice["id"]))["amount_due_minor"] == 0
    assert await is_sound(ledger)


async def test_a_void_credit_note_counts_no_more(ledger: LedgerHarness) -> None:
    lines = [a_line("1", price, "20") for price in ("68.33", "68.33")]
    invoice = (await ledger.sale(await ledger.client(), lines=lines, issue=True)).body
    paid = await ledger.pay(invoice["client_id"], invoice["total"], (invoice["id"], invoice["total"]))
    assert paid.status == 201
    first = await credit(ledger, invoice, lines[0])
    assert (await ledger.ask(VOID_SALE, {"id": first.id})).status == 200
    notes = [await credit(ledger, invoice, line) for line in lines]
    assert [note.body["total"] for note in notes] == ["82.00", "81.99"]
    assert await is_sound(ledger)
