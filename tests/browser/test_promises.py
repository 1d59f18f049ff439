"""Promises and disputes: recorded with what was agreed, they hold reminders back until they end; collectors that go."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.browser import Person
from tests.support.caller import Caller
from tests.support.debtors import BY_HAND, case_of, collects, owes
from tests.support.eventually import eventually

pytestmark = pytest.mark.long

TODAY = dt.datetime.now(tz=dt.UTC).date()
SOON, YESTERDAY = str(TODAY + dt.timedelta(days=3)), str(TODAY - dt.timedelta(days=2))


async def test_a_promise_holds_reminders_and_is_kept_when_the_money_comes(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open(debtor.page)
    await anna.press("Promise")
    await anna.fill(date=YESTERDAY, amount="165.01")
    await anna.submit()
    assert await anna.page.locator("[name=date]").get_attribute("aria-invalid") == "true"
    assert await anna.page.input_value("[name=amount]") == "165.01", "nothing typed is lost"
    await anna.fill(date=SOON)
    await anna.submit()
    await anna.sees("The promise is recorded.")
    await case_of(account, debtor.client["id"], "promised")
    await account.payment(debtor.client["id"], "165.01", (debtor.sale["id"], "165.01"))

    async def kept() -> bool:
        return [one["state"] for one in await account.items("/v1/promises")] == ["kept"]

    await eventually(kept)
    await anna.open("/promises?state=kept")
    await anna.page.get_by_role("link", name="Ozola Design SIA").first.wait_for()


async def test_a_promise_is_cancelled_after_a_question_and_reminders_go_on(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await account.made_of("/v1/promises", {"client_id": debtor.client["id"], "date": SOON, "currency": "EUR"})
    await case_of(account, debtor.client["id"], "promised")
    anna.say_yes()
    await anna.open("/promises")
    await anna.press("Cancel")
    await anna.sees("Cancelled. The reminders go on.")
    await case_of(account, debtor.client["id"], "pending")


async def test_a_dispute_keeps_an_invoice_out_of_reminders_until_it_is_resolved(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open(f"{debtor.page}/dispute")
    await anna.fill(reason="r" * 20_000, note="They sent a photograph")
    await anna.submit()
    assert await anna.page.locator("[name=reason]").get_attribute("aria-invalid") == "true"
    assert await anna.page.input_value("[name=note]") == "They sent a photograph", "nothing typed is lost"
    await anna.fill(reason="Two hours too many")
    await anna.submit()
    await case_of(account, debtor.client["id"], "disputed")
    await anna.open("/disputes")
    await anna.press(debtor.sale["number"])
    await anna.page.select_option("[name=resolution]", "rejected")
    await anna.fill(note="The hours were agreed")
    await anna.submit()
    await anna.sees("Resolved. The invoice is collected again.")
    await case_of(account, debtor.client["id"], "pending")
    notes = {one["body"] for one in await account.items(f"/v1/notes?client_id={debtor.client['id']}")}
    assert any("The hours were agreed" in one for one in notes)


async def test_a_dispute_is_opened_and_resolved_with_its_result_on_the_invoices_page(
    anna: Person, account: Caller
) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open(f"/sales/{debtor.sale['id']}")
    await anna.fill(reason="Two hours too many")
    await anna.press("Mark as disputed")
    await anna.sees("Dispute opened.")
    await anna.page.select_option("[name=resolution]", "credited")
    await anna.press("Resolve")
    await anna.sees("Dispute resolved.")
    assert [one["resolution"] for one in await account.items("/v1/disputes")] == ["credited"]


async def test_a_deleted_collectors_cases_go_on_at_once_in_another(anna: Person, account: Caller) -> None:
    lawyers = await collects(account, BY_HAND, name="Lawyers")
    friendly = await collects(account, BY_HAND, name="By hand", default=False)
    debtor = await owes(account, "Ozola Design SIA", collector_id=friendly["id"])
    assert debtor.case["collector"]["name"] == "By hand"
    anna.say_yes()
    await anna.open(f"/collectors/{friendly['id']}")
    await anna.press("Delete")
    await anna.sees("It is in use. Choose the collector in which its cases go on.")
    await anna.page.select_option("[name=move_to]", lawyers["id"])
    await anna.press("Delete")
    await anna.sees("Deleted.")
    assert "By hand" not in await anna.text()

    async def moved() -> bool:
        found = await account.items(f"/v1/cases?client_id={debtor.client['id']}&collector_id={lawyers['id']}")
        # until it has moved, the case before it is shown as what it will be
        return [one["state"] for one in found] == ["pending"] and found[0]["id"] != debtor.case["id"]

    await eventually(moved)
    await anna.open(f"/cases?view=list&collector_id={lawyers['id']}")
    await anna.page.get_by_role("link", name="Ozola Design SIA").first.wait_for()


async def test_the_default_collector_is_replaced_before_it_can_be_deleted(anna: Person, account: Caller) -> None:
    anna.say_yes()
    first = await collects(account, BY_HAND, name="First")
    second = await collects(account, BY_HAND, name="Second", default=False)
    await anna.open(f"/collectors/{first['id']}")
    await anna.sees("The default cannot be deleted. Make another one the default first.")
    await anna.open(f"/collectors/{second['id']}")
    await anna.press("Make it the default")
    await anna.sees("It is the default now.")
    await anna.open(f"/collectors/{first['id']}")
    await anna.press("Delete")
    await anna.sees("Deleted.")
    assert "First" not in {one["name"] for one in await account.items("/v1/collectors")}
