"""Collections in the console: the board, a case and what is done about it, promises, disputes, replies and moves."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import PHONE, Person, a_person
from tests.support.caller import Caller
from tests.support.debtors import BY_HAND, case_of, collects, owes
from tests.support.eventually import eventually

pytestmark = pytest.mark.long

TOMORROW = str(dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=2))
YESTERDAY = str(dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=2))


async def test_an_empty_board_says_what_to_do_first(anna: Person) -> None:
    await anna.open("/cases")
    await anna.sees("When an invoice is issued, its client appears here")
    await anna.press("Look at the reminders")
    await anna.sees("Final notice")
    assert await anna.page.locator("svg.stops").count() == 2, "a new account has two collectors, each drawn"


async def test_the_board_shows_each_state_with_its_amount_and_leads_to_the_case(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    await owes(account, "Ozola Design SIA")
    held = await owes(account, "Kalns Būve")
    await account.post(f"/v1/cases/{held.case['id']}/mute", {"reason": "A partner"})
    await anna.open("/cases")
    pending = anna.page.locator(".column", has_text="Pending")
    assert "165.01" in await pending.locator(".sum").inner_text()
    assert "A step waits for a person to send it." in await pending.inner_text()
    muted = anna.page.locator(".column", has_text="Muted")
    assert "A partner" in await muted.inner_text()
    await anna.page.fill(".filters [name=query]", "Kalns")
    await anna.press("Filter")
    await anna.page.get_by_role("link", name="Show all").wait_for()
    assert await anna.page.locator(".case").count() == 1
    await anna.page.fill("[name=min_amount]", "much")
    await anna.press("Filter")
    await anna.page.locator("[name=min_amount][aria-invalid]").wait_for()
    await anna.open("/cases?state=pending")
    await anna.press("Ozola Design SIA")
    await anna.page.get_by_role("heading", name="A step waits for a person to send it.").wait_for()


async def test_the_list_of_accounts_goes_on_over_pages(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    client = (await owes(account, "Ozola Design SIA")).client
    answer = await anna.page.goto(f"{anna.house.url}/console/cases?view=list&sort=age")
    assert answer is not None
    assert client["name"] in await anna.text()
    await anna.open("/cases?view=list&query=nobody")
    await anna.sees("Nothing matches these filters.")


async def test_a_case_is_put_off_paused_and_resumed_with_errors_at_their_field(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open(debtor.page)
    await anna.press("Put off")
    await anna.fill(until=YESTERDAY)
    await anna.submit()
    assert "must not be in the past" in await anna.page.inner_text("#e-until")
    assert await anna.page.input_value("[name=until]") == YESTERDAY, "nothing typed is lost"
    await anna.fill(until=TOMORROW)
    await anna.submit()
    await anna.sees("A person let it wait.")
    await anna.press("Resume")
    await anna.sees("A step waits for a person to send it.")
    await anna.press("Pause")
    await anna.submit()
    await anna.sees("a pause has an end or says why it has none")
    await anna.fill(reason="Waits for the purchase order")
    await anna.submit()
    await anna.page.get_by_role("heading", name="Waits for the purchase order").wait_for()
    timeline = await anna.page.inner_text(".case-line")
    assert all(one in timeline for one in ("Put off", "Resumed", "Paused"))


async def test_a_case_is_muted_unmuted_and_a_step_left_out_after_a_question(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND, BY_HAND | {"delay": "P90D"})
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open(f"{debtor.page}/mute")
    await anna.fill(reason="Partner of the owner")
    await anna.submit()
    await anna.page.get_by_role("heading", name="Partner of the owner").wait_for()
    await anna.press("Unmute")
    asked: list[str] = []
    anna.page.on("dialog", lambda dialog: asked.append(dialog.message))
    anna.say_yes()
    await anna.press("Leave out")
    await anna.sees("The step is left out.")
    assert asked == ["Leave this step out? The one after it comes next."]
    assert (await case_of(account, debtor.client["id"], "scheduled"))["next_step"]["step"] == 1


async def test_the_next_message_is_shown_before_it_is_sent_and_kept_as_it_went(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA", first_name="Aija")
    await anna.open(debtor.page)
    await anna.sees("Dear Aija, pay 165.01 EUR.")
    anna.say_yes()
    await anna.press("Send now")
    await case_of(account, debtor.client["id"], "idle")
    await anna.open(debtor.page)
    await anna.page.get_by_role("heading", name="No step is left.").wait_for()
    step = anna.page.locator(".case-line li", has_text="Step taken")
    await step.locator("summary").click()
    await anna.sees("Dear Aija, pay 165.01 EUR.")
    assert "by a person" in await step.inner_text()


async def test_a_note_that_needs_an_answer_holds_reminders_until_it_is_answered(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open(f"{debtor.page}/note")
    await anna.fill(body="Asked for the order's number")
    await anna.page.check("[name=needs_response]")
    await anna.submit()
    await case_of(account, debtor.client["id"], "awaiting_reply")
    await anna.open(debtor.page)
    await anna.sees("Waits for an answer")
    await anna.press("Mark as answered")
    await case_of(account, debtor.client["id"], "pending")


async def test_a_reply_of_an_unknown_sender_is_assigned_and_answered_in_its_thread(
    anna: Person, account: Caller
) -> None:
    debtor_name = "Ozola Design SIA"
    client = await account.client(name=debtor_name, email="aija@ozola.example")
    channel = await account.channel("replies")
    said = {
        "channel": "email",
        "from": "office@elsewhere.example",
        "to": "books@baltic.example",
        "subject": "Invoice",
        "body": "Which order is it for?",
    }
    posted = await account.anonymous("POST", channel["url"], json=said)
    assert posted.status == 200, posted.text

    async def listed() -> bool:
        return bool(await account.items("/v1/messages?unmatched=true"))

    await eventually(listed)
    await anna.open("/replies?unmatched=true")
    await anna.sees("Which order is it for?")
    await anna.page.locator("table.list a").first.click()
    await anna.arrive()
    await anna.press("Assign to a client")
    await anna.fill(query="ozola")
    await anna.press("Search")
    await anna.press(f"Assign to {debtor_name}")
    await anna.sees("The reply is this client's now.")
    await anna.press("Answer")
    assert await anna.page.input_value("[name=subject]") == "Re: Invoice"
    await anna.fill(body="It is for order 17.")
    await anna.press("Send")
    await anna.sees("The whole thread")
    thread = await anna.page.inner_text("ol.line")
    assert thread.index("Which order is it for?") < thread.index("It is for order 17.")
    sent = await account.items(f"/v1/messages?client_id={client['id']}&direction=sent")
    assert sent[0]["in_reply_to"] is not None


async def test_invoices_of_many_clients_move_at_once_with_a_result_for_each(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    lawyers = await collects(account, BY_HAND, name="Lawyers", default=False)
    first, second = await owes(account, "Ozola Design SIA"), await owes(account, "Kalns Būve")
    await anna.open("/cases?view=list")
    await anna.press("Change collector")
    await anna.sees("Tick the clients first.")
    await anna.page.check('[data-all="client_id"]')
    await anna.press("Change collector")
    await anna.page.locator("main button.main").wait_for()
    assert await anna.page.locator("[name=invoice_ids]:checked").count() == 2
    await anna.page.select_option("[name=collector_id]", lawyers["id"])
    await anna.fill(note="They know them")
    await anna.press("Change collector")
    await anna.sees("The invoices of 2 clients were moved.")
    table = await anna.page.inner_text("table.list")
    assert all(one in table for one in (first.sale["number"], second.sale["number"], "Kalns Būve", "Lawyers"))
    for debtor in (first, second):
        assert (await case_of(account, debtor.client["id"], "pending"))["collector"]["name"] == "Lawyers"


async def test_home_and_the_client_lead_to_what_waits(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open("")
    await anna.press("Reminders that wait for you")
    await anna.press("Ozola Design SIA")
    await anna.open(f"/clients/{debtor.client['id']}")
    card = anna.page.locator(".card", has_text="A step waits for a person to send it.")
    await card.get_by_role("link", name="Strict").click()
    await anna.page.wait_for_url(f"**{debtor.page}")


async def test_a_phone_shows_every_page_of_collections_within_its_width(
    browser: Browser, house: House, account: Caller
) -> None:
    collector = await collects(account, BY_HAND)
    debtor = await owes(account, "A-client-whose-name-is-one-long-word-without-any-place-to-break-it")
    async with a_person(browser, house, account=account, viewport=PHONE, locale="fr") as person:
        for path in (
            "/cases", "/cases?view=list", debtor.page, f"/calls/{debtor.case['id']}", "/collectors",
            f"/collectors/{collector['id']}", f"/collectors/{collector['id']}/edit", "/collectors/settings",
            f"/moves/new?client_id={debtor.client['id']}",
        ):  # fmt: skip
            await person.open(path)
            assert await person.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert person.complaints == []
