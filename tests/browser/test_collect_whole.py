"""CreditorWatch Collect's triggers as one story in the console, from the reminder to the promise and the move."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import pytest

from tests.support.browser import Person
from tests.support.caller import Caller
from tests.support.debtors import CALL, WORDS, Debtor, case_of, collects, owes
from tests.support.eventually import eventually
from tests.support.mails import a_mail
from tests.support.smtp_server import SmtpServer, TakenMail

pytestmark = pytest.mark.long

MIME: Final = {"Content-Type": "message/rfc822"}
FRIDAY: Final = str(dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=3))
REMINDER: Final = {"channel": "email", "anchor": "after_due", "delay": "P1D", "automatic": True, "template": WORDS}
EVENTS: Final = ("New message", "New note", "Call recorded", "Promise to pay", "Dispute opened", "Invoices moved")


async def newest_events(anna: Person) -> str:
    await anna.press("Events")
    return await anna.page.inner_text("table.list")


async def mail_to(smtp: SmtpServer, address: str) -> TakenMail:
    found = await eventually(lambda: [one for one in smtp.mails if address in one.recipients], deadline_seconds=30)
    assert found
    return found[0]


async def reply_of(account: Caller, channel: dict[str, Any], mail: TakenMail, address: str, text: str) -> None:
    """The client answers the reminder in its thread, by their own mail program."""
    answer = a_mail(text, From=address, In_Reply_To=mail.message["Message-ID"], Message_ID=f"<re-{address}>")
    taken = await account.anonymous("POST", channel["url"], data=bytes(answer), headers=MIME)
    assert taken.status == 200, taken.text
    await eventually(lambda: account.items("/v1/messages?direction=received"))


async def is_reminded(anna: Person, debtor: Debtor, smtp: SmtpServer, address: str) -> TakenMail:
    mail = await mail_to(smtp, address)
    assert debtor.sale["number"] in str(mail.message["Subject"])
    await anna.press("Board")
    await anna.press("Ozola Design SIA")
    await anna.page.locator(".case-line li", has_text="Step taken").get_by_text("Sent").wait_for()
    return mail


async def answers(anna: Person, account: Caller, channel: dict[str, Any], mail: TakenMail, address: str) -> None:
    await reply_of(account, channel, mail, address, "The parcel was damaged.")
    await anna.press("Replies")
    await anna.page.locator("table.list a").first.click()
    await anna.arrive()
    await anna.sees("The parcel was damaged.")
    await anna.press("Mark as answered")


async def is_noted_and_called(anna: Person, account: Caller, debtor: Debtor) -> None:
    await anna.open(f"{debtor.page}/note")
    await anna.fill(body="Ask the carrier")
    await anna.page.check("[name=needs_response]")
    await anna.submit()
    await case_of(account, debtor.client["id"], "awaiting_reply")
    await anna.open(debtor.page)
    await anna.press("Mark as answered")
    await anna.press("Call")
    await anna.page.keyboard.press("3")
    await anna.fill(note="The carrier pays for the parcel")
    await anna.press("Save and show the case")
    await anna.sees("The call is recorded.")


async def disputes_and_promises(anna: Person, debtor: Debtor) -> None:
    await anna.open(f"{debtor.page}/dispute")
    await anna.fill(reason="One parcel too many")
    await anna.submit()
    await anna.press("Disputes")
    await anna.press(str(debtor.sale["number"]))
    await anna.fill(note="We agreed on the phone")
    await anna.press("Resolve")
    await anna.sees("Resolved. The invoice is collected again.")
    await anna.open(f"{debtor.page}/promise")
    await anna.fill(date=FRIDAY)
    await anna.submit()
    await anna.press("Promises")
    assert re.search(r"Ozola Design SIA.*165\.01", await anna.page.inner_text("table.list"), re.DOTALL)


async def are_moved(anna: Person, collector: dict[str, Any]) -> None:
    await anna.open("/cases?view=list")
    await anna.page.check('[data-all="client_id"]')
    await anna.press("Change collector")
    await anna.page.select_option("[name=collector_id]", collector["id"])
    await anna.press("Change collector")
    await anna.sees("The invoices of 2 clients were moved.")


async def test_collect_a_debtor_is_reminded_answers_is_called_disputes_promises_and_is_moved(
    anna: Person, account: Caller, smtp: SmtpServer
) -> None:
    assert (await account.patch("/v1/account", {"email": "books@baltic.example"})).status == 200
    channel = await account.channel("replies")
    await collects(account, REMINDER, CALL | {"delay": "P2D", "anchor": "after_previous"})
    lawyers = await collects(account, CALL, name="Lawyers", default=False)
    address = f"aija-{account.made['account_id']}@ozola.example"
    debtor = await owes(account, "Ozola Design SIA", state="scheduled", email=address)
    await answers(anna, account, channel, await is_reminded(anna, debtor, smtp, address), address)
    await is_noted_and_called(anna, account, debtor)
    await disputes_and_promises(anna, debtor)
    second = await owes(account, "Kalns Būve", state="scheduled", email=f"b-{address}")
    await are_moved(anna, lawyers)
    assert (await case_of(account, second.client["id"], "pending"))["collector"]["name"] == "Lawyers"
    await anna.press("Call console")
    await anna.press("Call the next one")
    await anna.sees("Kalns Būve")
    await anna.page.keyboard.press("1")
    await anna.press("Save and next call")
    await anna.sees("No call is left.")

    async def all_events() -> bool:
        shown = await newest_events(anna)
        return all(one in shown for one in EVENTS)

    await eventually(all_events)
