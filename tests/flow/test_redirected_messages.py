"""Trying things out: every mail and SMS goes to one address, marked, over a real SMTP server, on both buses."""

from __future__ import annotations

from typing import Final

from standalone.all_in_one import prepare_all
from tests.support.api_installation import open_house
from tests.support.debts import a_mail, collector, debtor, mails_to, shown
from tests.support.postgres_server import Postgres
from tests.support.smtp_server import smtp_server

ME: Final = "me@here.example"
BOSS: Final = "boss@ozola.example"
PHONE: Final = "+37120000000"
GATEWAY: Final = "http://127.0.0.1:9/sms"  # a message that is sent to it fails


async def test_every_mail_and_sms_goes_to_one_address_and_says_for_whom_it_was(
    postgres: Postgres, amqp: str | None
) -> None:
    dsn = await postgres.copy_of(prepare_all)
    with smtp_server() as mail_server:
        async with open_house(dsn, amqp_url=amqp, smtp_url=mail_server.url, sms_url=GATEWAY, mail_redirect=ME) as house:
            caller = await house.account()
            sms = {"channel": "sms", "anchor": "after_previous", "delay": "PT1S", "template": {"body": "{{ amount }}"}}
            await collector(caller, a_mail(cc=[BOSS]), sms)
            client, sale = await debtor(caller, phone=PHONE)
            await mails_to(mail_server, ME, 2)
            email, other = client["email"], "other@kalns.example"
            sent = await caller.post(f"/v1/sales/{sale['id']}/send", {"subject": "Invoice"})
            assert sent.status == 200, sent.text
            by_hand = {"client_id": client["id"], "channel": "email", "subject": "By hand", "body": "Hello"}
            await caller.made_of("/v1/messages", by_hand)
            await caller.made_of("/v1/actions/send_email", {"to": [other], "subject": "A step", "body": "Hello"})
            await caller.made_of("/v1/actions/send_sms", {"to": PHONE, "body": "Hello"})
            mails = await mails_to(mail_server, ME, 6)
            assert [one.recipients for one in mail_server.mails] == [[ME]] * 6
            assert {one.message["Cc"] for one in mails} == {None}
            assert sorted(str(one.message["Subject"]) for one in mails) == sorted([
                f"[for {email}, {BOSS}] Open: 165.01 EUR", f"[for {PHONE}] SMS", f"[for {email}] Invoice",
                f"[for {email}] By hand", f"[for {other}] A step", f"[for {PHONE}] SMS",
            ])  # fmt: skip
            assert all("Redirected by LEDGERWIRE_MAIL_REDIRECT" in one.text for one in mails)
            messages = await caller.items(f"/v1/messages?client_id={client['id']}")
            for one in messages:
                await shown(caller, f"/v1/messages/{one['id']}", "sent")
            assert sorted(one["to"] for one in messages) == sorted([email, email, email, PHONE])
    await postgres.drop_database(dsn)
