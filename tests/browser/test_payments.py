"""Payments: recorded with a proposed allocation, applied, taken off, refunded and reversed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import Person
from tests.support.caller import Caller

pytestmark = pytest.mark.long


async def two_invoices(account: Caller, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A client's older and newer invoice, 165.01 EUR each."""
    client = await account.client(name="Ozola Design SIA", **fields)
    older = await account.sale(client["id"], document_date="2026-01-10", pay_term={"type": 1, "days": 14})
    return older, await account.sale(client["id"])


async def due_of(account: Caller, sale: dict[str, Any]) -> str:
    return str((await account.read(f"/v1/sales/{sale['id']}"))["amount_due"])


async def test_a_payment_is_spread_over_the_oldest_invoices_by_one_press(anna: Person, account: Caller) -> None:
    page = anna.page
    older, newer = await two_invoices(account)
    await anna.open("/payments")
    await anna.press("Record payment")
    await page.fill('[name="client.name"]', "Ozola Design SIA")
    await anna.press("Go on")
    await anna.sees("From Ozola Design SIA")
    await anna.fill(amount="200", reference="SEPA 1000")
    await anna.press("Propose: oldest first")
    await page.locator('[name="allocations[0].amount"][value="165.01"]').wait_for()
    parts = [await page.input_value(f'[name="allocations[{number}].amount"]') for number in (0, 1)]
    assert parts == ["165.01", "34.99"]
    await anna.submit()
    await anna.sees("Payment recorded.")
    assert (await due_of(account, older), await due_of(account, newer)) == ("0.00", "130.02")


async def test_too_much_for_an_invoice_is_said_at_its_field_and_nothing_is_recorded(
    anna: Person, account: Caller
) -> None:
    older, _ = await two_invoices(account)
    await anna.open(f"/sales/{older['id']}")
    await anna.press("Record payment")
    assert await anna.page.input_value("[name=amount]") == "165.01", "the amount that is open is proposed"
    await anna.page.fill('[name="allocations[0].amount"]', "500")
    await anna.fill(reference="SEPA 7")
    await anna.submit()
    await anna.page.locator("main .fault").wait_for()
    wrong = anna.page.locator('[name="allocations[0].amount"]')
    assert await wrong.get_attribute("aria-invalid") == "true"
    assert await wrong.input_value() == "500"
    assert await anna.page.input_value("[name=reference]") == "SEPA 7", "nothing typed is lost"
    assert await account.items("/v1/payments") == []
    await wrong.fill("165.01")
    await anna.submit()
    await anna.sees("Payment recorded.")
    assert await due_of(account, older) == "0.00"


async def test_an_advance_is_applied_taken_off_and_refunded(anna: Person, account: Caller) -> None:
    older, newer = await two_invoices(account)
    payment = await account.payment(older["client_id"], "400.00")
    anna.say_yes()
    await anna.open(f"/payments/{payment['id']}")
    await anna.sees("the whole amount is paid in advance")
    await anna.press("Apply to the oldest invoices")
    await anna.sees("Applied to the oldest invoices.")
    assert (await due_of(account, older), await due_of(account, newer)) == ("0.00", "0.00")
    await anna.press("Take off the invoices")
    await anna.sees("Taken off the invoices.")
    assert (await due_of(account, older), await due_of(account, newer)) == ("165.01", "165.01")
    await anna.press("Apply to the oldest invoices")
    await anna.press("Refund the rest")
    await anna.sees("Refunded 69.98 EUR")
    assert (await account.read(f"/v1/payments/{payment['id']}"))["unapplied"] == "0.00"


async def test_a_payment_that_bounced_is_reversed_and_its_invoice_is_open_again(anna: Person, account: Caller) -> None:
    older, _ = await two_invoices(account)
    payment = await account.payment(older["client_id"], "165.01", (older["id"], "165.01"))
    asked: list[str] = []
    anna.page.on("dialog", lambda dialog: asked.append(dialog.message))
    anna.page.on("dialog", lambda dialog: dialog.dismiss() if len(asked) == 1 else dialog.accept())
    await anna.open(f"/payments/{payment['id']}")
    await anna.page.get_by_role("button", name="Reverse").click()
    assert await due_of(account, older) == "0.00", "a question that is answered with no changes nothing"
    await anna.press("Reverse")
    await anna.sees("Reversed.")
    assert await due_of(account, older) == "165.01"
    await anna.open(f"/clients/{older['client_id']}")
    await anna.sees("330.02 EUR")


async def test_a_name_that_several_clients_have_leads_to_a_choice(anna: Person, account: Caller) -> None:
    for name in ("Ozola Design SIA", "Ozola Design Latvia"):
        await account.client(name=name)
    await anna.open("/payments/new")
    await anna.page.fill('[name="client.name"]', "Ozola")
    await anna.press("Go on")
    await anna.sees("Which of these paid? Open it.")
    await anna.press("Ozola Design Latvia")
    await anna.press("Record payment")
    await anna.sees("From Ozola Design Latvia")
    await anna.sees("No invoice of this client is open")
