"""Rules that accept messages by themselves: once, within what they allow, and never more than was asked for."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from contracts.resources.inbox import message_warning
from contracts.wire import commands
from tests.support.ledger import LedgerHarness
from tests.support.ledger_inbox import (
    a_line,
    a_purchase,
    a_rule,
    accept,
    an_order,
    follow_ups,
    message,
    paths,
    received,
)

WARNING = message_warning("total_differs", "document.gross_amount", "is not what the lines come to")


async def test_a_rule_accepts_what_its_sender_sends(ledger: LedgerHarness) -> None:
    rule = await a_rule(ledger, name="Paper")
    assert rule.status == 201
    message_id = await received(ledger, a_purchase())
    shown = await message(ledger, message_id)
    assert (shown["state"], shown["decided_by"]) == ("accepted", {"kind": "rule", "id": rule.id, "name": "Paper"})
    assert (await ledger.contents())["inbox_message"] == 1


async def test_a_rule_applies_once_however_often_its_command_comes(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales", issue=True)
    command = ledger.command(commands.RECEIVE_INBOX_MESSAGE, an_order())
    await ledger.handle(command)
    (apply,) = await follow_ups(ledger, command.id)
    for _ in range(3):
        await asyncio.gather(*(ledger.handle(apply, apply) for _ in range(4)))
    assert await ledger.triggers() == [
        "inbox.received",
        "client.created",
        "sale.created",
        "sale.posted",
        "inbox.accepted",
    ]
    assert apply.correlation_id == command.id


async def test_a_message_that_no_rule_is_for_brings_nothing_about(ledger: LedgerHarness) -> None:
    await a_rule(ledger)
    await a_rule(ledger, match={"name": "Somebody Else"})
    for data in (
        an_order(),
        a_purchase(beside={"channel": {"id": "another", "kind": "direct", "name": None}}),
        a_purchase("2", beside={"warnings": [WARNING]}),
    ):
        command = ledger.command(commands.RECEIVE_INBOX_MESSAGE, data)
        await ledger.handle(command)
        assert await follow_ups(ledger, command.id) == []


async def test_a_rule_holds_to_its_amount_and_the_next_may_hold(ledger: LedgerHarness) -> None:
    small = await a_rule(ledger, conditions={"max_amount": "50.81"})
    assert small.body["conditions"] == {"max_amount": "50.81", "currency": "EUR", "no_warnings": True}
    left = await received(ledger, a_purchase("A-1"))
    assert ((await message(ledger, left))["state"], (await message(ledger, left))["warnings"]) == ("received", [])
    large = await a_rule(ledger, conditions={"max_amount": "50.82", "currency": "EUR"})
    taken = await message(ledger, await received(ledger, a_purchase("A-2")))
    assert (taken["state"], taken["decided_by"]["id"]) == ("accepted", large.id)
    dollars = await received(ledger, a_purchase("A-3", currency="USD"))
    assert (await message(ledger, dollars))["state"] == "received"


async def test_what_a_rule_cannot_accept_stays_with_a_note(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales", name="Shop")
    message_id = await received(ledger, an_order(lines=[a_line(quantity="-1")]))
    shown = await message(ledger, message_id)
    assert (shown["state"], shown["decided_at"]) == ("received", None)
    assert shown["warnings"][0]["message"].startswith(
        "the rule Shop could not accept this: document.lines total is negative"
    )
    assert (await accept(ledger, "sales", message_id, document={"lines": [a_line()]})).status == 200


async def test_a_removed_rule_accepts_nothing_any_more(ledger: LedgerHarness) -> None:
    rule = await a_rule(ledger)
    command = ledger.command(commands.RECEIVE_INBOX_MESSAGE, a_purchase())
    await ledger.handle(command)
    (apply,) = await follow_ups(ledger, command.id)
    removed = await ledger.ask(commands.DELETE_INBOX_RULE, {"id": rule.id})
    assert (removed.status, removed.body) == (200, {"id": rule.id, "deleted": True})
    assert (await ledger.ask(commands.DELETE_INBOX_RULE, {"id": rule.id})).status == 404
    await ledger.handle(apply)
    assert (await message(ledger, command.data["message_id"]))["state"] == "received"


async def test_another_accounts_rules_are_not_asked(ledger: LedgerHarness) -> None:
    other = await ledger.add_account()
    rule = {"box": "purchases", "match": {"channel_id": "public-id-of-the-channel"}}
    await ledger.ask(commands.CREATE_INBOX_RULE, rule, account_id=other)
    assert (await message(ledger, await received(ledger, a_purchase())))["state"] == "received"


async def test_an_amount_that_its_currency_cannot_have_is_no_condition(ledger: LedgerHarness) -> None:
    answer = await a_rule(ledger, conditions={"max_amount": "1.5", "currency": "JPY"})
    assert (answer.status, paths(answer)) == (422, ["conditions.max_amount"])


FLAGS = {"process": True, "approve": True, "send": True, "payment": {"amount": "29.28", "date_paid": "2026-03-02"}}


def _warned(shown: dict[str, Any]) -> list[str]:
    return [one["message"] for one in shown["warnings"] if one["code"] == "auto_processing"]


async def test_connects_flags_do_nothing_without_a_rule_that_allows_them(ledger: LedgerHarness) -> None:
    flagged = {"auto_processing": FLAGS}
    left = await message(ledger, await received(ledger, an_order("1", beside=flagged)))
    assert left["state"] == "received"
    assert _warned(left)[0].startswith(
        "asks to be accepted (Process), issued (Approve), sent (Send), paid (AddPayment)"
    )
    assert '"match":{"channel_id":"public-id-of-the-channel"},"auto_processing":true' in _warned(left)[0]
    await a_rule(ledger, "sales")
    taken = await message(ledger, await received(ledger, an_order("2", beside=flagged)))
    assert (await ledger.row("sale", taken["result"]["sale_id"]))["status"] == "draft"
    assert _warned(taken)[0].startswith("asks to be issued (Approve), sent (Send), paid (AddPayment)")


async def test_flags_that_a_rules_conditions_leave_are_warned_of(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales", auto_processing=True, conditions={"max_amount": "1"})
    flagged = {"auto_processing": FLAGS}
    over = await message(ledger, await received(ledger, an_order("1", beside=flagged)))
    unsure = await message(ledger, await received(ledger, an_order("2", beside=flagged | {"warnings": [WARNING]})))
    for left in (over, unsure):
        assert (left["state"], len(_warned(left))) == ("received", 1)


async def test_a_message_without_flags_has_no_warning_of_them(ledger: LedgerHarness) -> None:
    none = {"auto_processing": {"process": False}}
    assert (await message(ledger, await received(ledger, an_order("1", beside=none))))["warnings"] == []


async def test_connects_flags_are_followed_where_a_rule_allows_it(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales", auto_processing=True)
    data = an_order(sale_type="sales_invoice", beside={"auto_processing": FLAGS})
    command = ledger.command(commands.RECEIVE_INBOX_MESSAGE, data)
    await ledger.handle(command)
    (apply,) = await follow_ups(ledger, command.id)
    await ledger.handle(apply)
    further = await follow_ups(ledger, apply.id)
    assert [one.name for one in further] == [commands.RECORD_PAYMENT]
    assert _warned(await message(ledger, data["message_id"])) == ["was not done: no mail can leave this installation"]
    for one in further * 2:
        await ledger.handle(one)
    taken = await message(ledger, data["message_id"])
    sale = await ledger.row("sale", taken["result"]["sale_id"])
    assert (sale["status"], sale["settlement"], sale["amount_due_minor"]) == ("issued", "paid", 0)
    assert sorted(await ledger.triggers()) == sorted(
        [
            "inbox.received",
            "client.created",
            "sale.created",
            "sale.posted",
            "inbox.accepted",
            "payment.posted",
            "sale.paid",
        ]
    )


async def test_connects_flags_ask_for_no_more_than_they_say(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales", auto_processing=True)
    only = {"auto_processing": {"process": True, "approve": False, "send": True, "payment": {}}}
    taken = await message(ledger, await received(ledger, an_order("1", beside=only)))
    assert (await ledger.row("sale", taken["result"]["sale_id"]))["status"] == "draft"
    assert len(taken["warnings"]) == 1
    none = {"auto_processing": {"process": False, "approve": True, "send": True}}
    assert (await message(ledger, await received(ledger, an_order("2", beside=none))))["state"] == "received"


async def test_an_acceptance_is_part_of_its_messages_journey(ledger: LedgerHarness) -> None:
    await a_rule(ledger, "sales")
    data = an_order()
    message_id = await received(ledger, data)
    entries = await ledger.pool.fetch(
        "SELECT step, subject_id FROM ledger_api.journey_entry WHERE subject_id = $1", UUID(message_id)
    )
    assert sorted(entry["step"] for entry in entries) == ["apply_inbox_rules", "receive_inbox_message"]
