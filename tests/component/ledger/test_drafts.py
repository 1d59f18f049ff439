"""Drafts on a real Postgres: changed, deleted, issued later, and made of other documents."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import CONVERT_SALE, DELETE_SALE, ISSUE_SALE, UPDATE_SALE
from tests.support.ledger import LedgerHarness, a_line


async def a_draft(ledger: LedgerHarness, **fields: Any) -> dict[str, Any]:
    client_id = fields.pop("client_id", None) or await ledger.client()
    return (await ledger.sale(client_id, issue=False, **fields)).body


async def test_only_what_was_sent_changes_of_a_draft(ledger: LedgerHarness) -> None:
    draft = await a_draft(ledger, comment="Old", external_id="order-1", shipping_charge="5.00", date_due="2026-12-31")

    changed = await ledger.ask(UPDATE_SALE, {"id": draft["id"], "comment": None, "deposit": "10.00"})

    assert changed.status == 200
    differing = {name for name, value in draft.items() if changed.body[name] != value}
    assert differing == {"comment", "deposit", "amount_due", "settlement", "updated_at"}
    assert (changed.body["comment"], changed.body["amount_due"]) == (None, "160.96")
    assert (await ledger.triggers())[-1] == "sale.updated"


async def test_new_lines_take_the_place_of_all_old_ones(ledger: LedgerHarness) -> None:
    draft = await a_draft(ledger, adjustments=[{"type": "discount", "mode": "pct", "amount": "10"}])

    changed = await ledger.ask(
        UPDATE_SALE, {"id": draft["id"], "lines": [a_line("2", "50", "20")], "include_tax": True}
    )

    assert (changed.body["net"], changed.body["tax"], changed.body["total"]) == ("75.00", "15.00", "90.00")
    assert [line["quantity"] for line in changed.body["lines"]] == ["2"]
    assert await ledger.balances() == {}


async def test_a_draft_for_another_client_bears_their_name(ledger: LedgerHarness) -> None:
    draft, other = await a_draft(ledger), await ledger.client(name="Other")

    named = await ledger.ask(UPDATE_SALE, {"id": draft["id"], "client_id": other})
    given = await ledger.ask(UPDATE_SALE, {"id": draft["id"], "client": {"name": "New"}})

    assert (named.body["client_id"], named.body["client"]["name"]) == (other, "Other")
    assert given.body["client"]["name"] == "New"
    assert (await ledger.triggers()).count("client.created") == 3


async def test_a_due_date_and_a_pay_term_take_each_others_place(ledger: LedgerHarness) -> None:
    draft = await a_draft(ledger, document_date="2026-03-02", date_due="2026-03-20")

    term = await ledger.ask(UPDATE_SALE, {"id": draft["id"], "pay_term": {"type": 1, "days": 14}})
    moved = await ledger.ask(UPDATE_SALE, {"id": draft["id"], "document_date": "2026-03-03"})
    dated = await ledger.ask(UPDATE_SALE, {"id": draft["id"], "date_due": "2026-04-01"})
    wrong = await ledger.ask(
        UPDATE_SALE, {"id": draft["id"], "date_due": "2026-04-01", "pay_term": {"type": 1, "days": 1}}
    )

    assert [answer.body["date_due"] for answer in (term, moved, dated)] == ["2026-03-16", "2026-03-17", "2026-04-01"]
    assert dated.body["pay_term"] is None
    assert (wrong.status, wrong.body["errors"][0]["path"]) == (422, "date_due")


@pytest.mark.parametrize(
    ("patch", "status", "path"),
    [
        ({"lines": []}, 422, "lines"),
        ({"lines": [a_line("1", "1e30")]}, 422, "lines[0].unit_price"),
        ({"lines": [a_line("-1", "1")]}, 422, "lines"),
        ({"deposit": "999.00"}, 422, "deposit"),
        ({"sale_type": "credit_note"}, 422, "sale_type"),
        ({"issue": True}, 422, "issue"),
        ({"client_id": str(new_id())}, 404, "client_id"),
        ({"client_id": None}, 422, ""),
        ({"currency": "XXX"}, 422, "currency"),
        ({"invoice_id": str(new_id())}, 422, ""),
        ({"external_id": "taken"}, 409, "external_id"),
        ({"lines": [a_line("1", "1", product_id=str(new_id()))]}, 404, "lines[0].product_id"),
    ],
)
async def test_a_wrong_change_changes_nothing(
    ledger: LedgerHarness, patch: dict[str, Any], status: int, path: str
) -> None:
    draft = await a_draft(ledger)
    await ledger.sale(draft["client_id"], external_id="taken")
    before = await ledger.contents()

    answer = await ledger.ask(UPDATE_SALE, {"id": draft["id"]} | patch)

    assert (answer.status, answer.body["errors"][0]["path"]) == (status, path)
    assert await ledger.contents() == before


async def test_an_external_id_is_free_again_when_its_draft_is_gone_or_named_otherwise(ledger: LedgerHarness) -> None:
    one = await a_draft(ledger, external_id="order-1")
    two = await a_draft(ledger, client_id=one["client_id"], external_id="order-2")

    await ledger.ask(DELETE_SALE, {"id": one["id"]})
    await ledger.ask(UPDATE_SALE, {"id": two["id"], "external_id": "order-3"})
    again = [await ledger.sale(one["client_id"], external_id=key) for key in ("order-1", "order-2", "order-3")]

    assert [answer.status for answer in again] == [201, 201, 409]


async def test_a_deleted_draft_is_reported_as_it_was_last(ledger: LedgerHarness) -> None:
    draft = await a_draft(ledger)
    update = ledger.command(UPDATE_SALE, {"id": draft["id"], "comment": "Last words"})
    delete = ledger.command(DELETE_SALE, {"id": draft["id"]})

    await ledger.handle(update)
    await ledger.handle(delete)

    gone = (await ledger.events())[-1]
    assert (gone.name, gone.data["object"]["status"], gone.data["object"]["comment"]) == (
        "sale.deleted",
        "deleted",
        "Last words",
    )
    assert (await ledger.outcome(delete.id)).body == gone.data["object"]
    assert (await ledger.contents())["sale"] == 0
    assert (await ledger.ask(DELETE_SALE, {"id": draft["id"]})).status == 404


async def test_drafts_issued_by_16_at_once_are_numbered_without_gaps(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    drafts = [await a_draft(ledger, client_id=client_id, document_date="2026-03-02") for _ in range(16)]
    commands = [ledger.command(ISSUE_SALE, {"id": draft["id"]}) for draft in drafts for _ in range(2)]

    await asyncio.gather(*(ledger.handle(command) for command in commands))

    answers = [await ledger.outcome(command.id) for command in commands]
    assert sorted(answer.status for answer in answers) == [200] * 16 + [409] * 16
    numbers = {answer.body["number"] for answer in answers if answer.status == 200}
    assert numbers == {f"INV-2026-{counter:06d}" for counter in range(1, 17)}


async def test_issuing_and_voiding_in_one_batch_are_two_transitions(ledger: LedgerHarness) -> None:
    draft = await a_draft(ledger)
    issue, void = ledger.command(ISSUE_SALE, {"id": draft["id"]}), ledger.command("void_sale", {"id": draft["id"]})

    await ledger.handle(issue, void)

    assert [(await ledger.outcome(command.id)).status for command in (issue, void)] == [200, 200]
    assert (await ledger.triggers())[-2:] == ["sale.posted", "sale.voided"]
    assert not any((await ledger.balances()).values())


async def test_what_was_copied_from_a_quote_is_what_a_caller_would_send_again(ledger: LedgerHarness) -> None:
    taxes = [{"category": "GST", "rate": "5"}, {"category": "QST", "rate": "9.975"}]
    quote = await a_draft(
        ledger,
        sale_type="sales_estimate",
        lines=[a_line("1.5", "93.3333", taxes=taxes), a_line("1", "10", "5", discount="12.5", unit="h")],
        adjustments=[{"type": "charge", "mode": "amount", "amount": "3.00", "description": "Travel"}],
        shipping_charge="4.50",
        pay_term={"type": 1, "days": 30},
        payment_method="card",
        comment="As agreed",
    )
    for command in ("issue_sale", "accept_sale"):
        assert (await ledger.ask(command, {"id": quote["id"]})).status == 200

    made = await ledger.ask(
        CONVERT_SALE, {"id": quote["id"], "to": "sales_invoice", "document_date": "2026-05-01", "external_id": "x"}
    )

    same = ("lines", "adjustments", "taxes", "shipping_charge", "total", "client", "payment_method", "comment")
    assert {name: made.body[name] for name in same} == {name: quote[name] for name in same}
    assert (made.body["document_date"], made.body["date_due"]) == ("2026-05-01", "2026-05-31")
    assert (made.body["external_id"], made.body["status"], made.body["number"]) == ("x", "draft", None)
    assert (await ledger.triggers())[-2:] == ["sale.updated", "sale.created"]


async def test_an_order_can_be_invoiced_again_when_its_invoice_is_gone(ledger: LedgerHarness) -> None:
    order = (await ledger.sale(await ledger.client(), sale_type="sales_order")).body
    first = await ledger.ask(CONVERT_SALE, {"id": order["id"]})
    twice = await ledger.ask(CONVERT_SALE, {"id": order["id"]})
    await ledger.ask(DELETE_SALE, {"id": first.id})
    second = await ledger.ask(CONVERT_SALE, {"id": order["id"], "issue": True})
    await ledger.ask("void_sale", {"id": second.id})
    cancelled = await ledger.ask("cancel_sale", {"id": order["id"]})

    assert (twice.status, twice.body["code"]) == (409, "already_invoiced")
    assert (second.status, second.body["status"]) == (201, "issued")
    assert (cancelled.status, cancelled.body["status"], cancelled.body["converted_to"]) == (200, "cancelled", None)


async def test_a_document_becomes_only_what_comes_after_it(ledger: LedgerHarness) -> None:
    order = (await ledger.sale(await ledger.client(), sale_type="sales_order")).body

    answer = await ledger.ask(CONVERT_SALE, {"id": order["id"], "to": "sales_proforma"})

    assert (answer.status, answer.body["errors"]) == (422, [{"path": "to", "message": "must be sales_invoice"}])
