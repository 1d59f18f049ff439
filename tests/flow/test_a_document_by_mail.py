"""A document goes to its client by mail: from HTTP to a real SMTP server, on both buses."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.flow.conftest import Deployment
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Listener
from tests.support.smtp_server import SmtpServer, TakenMail


async def message_of(caller: Caller, sale_id: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/messages?sale_id={sale_id}&state={state}")
        return found[0] if found else None

    return dict(await eventually(there) or {})


def mail_to(mail_server: SmtpServer, address: str) -> TakenMail:
    (mail,) = [one for one in mail_server.mails if one.recipients == [address]]
    return mail


async def test_an_invoice_arrives_with_its_pdf_and_is_reported_once(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.patch("/v1/account", {"email": "books@baltic.example", "legal_name": "Baltic Trading OÜ"})
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["sale.sent", "message.created"]})
    address = f"{new_id()}@story.example"
    client = await caller.client(email=address)
    sale = await caller.sale(client["id"])
    await caller.made_of(f"/v1/sales/{sale['id']}/send", {"subject": "Your invoice"})
    message = await message_of(caller, sale["id"], "sent")
    mail = mail_to(mail_server, address)
    assert mail.message["From"] == "Baltic Trading OÜ <books@baltic.example>"
    assert mail.message["Subject"] == message["subject"] == "Your invoice"
    (pdf,) = mail.files.values()
    assert list(mail.files) == [f"{sale['number']}.pdf"]
    assert pdf == (await caller.get(f"/v1/sales/{sale['id']}/pdf")).raw
    received = await endpoint.receives(2)
    assert sorted(one.trigger for one in received) == ["message.created", "sale.sent"]
    assert next(one for one in received if one.trigger == "message.created").body["data"] == message


async def test_an_address_that_does_not_exist_is_shown_with_the_servers_words(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    mail_server.refused["nobody@story.example"] = "550 5.1.1 no such user"
    caller = await deployment.account()
    await caller.patch("/v1/account", {"email": "books@baltic.example"})
    client = await caller.client(email="nobody@story.example")
    sale = await caller.sale(client["id"])
    await caller.made_of(f"/v1/sales/{sale['id']}/send", {})
    failed = await message_of(caller, sale["id"], "failed")
    assert failed["detail"] == "the mail server refused nobody@story.example: 550 5.1.1 no such user"
