"""A client is written to by mail, answers, promises and does not pay: over HTTP and SMTP, on both buses."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contracts.primitives.ids import new_id
from tests.flow.conftest import Deployment
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, Listener
from tests.support.mails import NEW_TEXT, a_mail, a_returned_mail
from tests.support.smtp_server import SmtpServer, TakenMail

MIME = {"Content-Type": "message/rfc822"}
WEST, EAST = "Etc/GMT+12", "Pacific/Kiritimati"  # 26 hours apart: a day that begins in one is over in the other


async def mail_to(mail_server: SmtpServer, address: str) -> TakenMail:
    def there() -> TakenMail | None:
        return next((one for one in mail_server.mails if one.recipients == [address]), None)

    found = await eventually(there)
    assert found is not None
    return found


async def shown(caller: Caller, path: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        answer = await caller.get(path)
        return dict(answer.json) if answer.status == 200 and answer.json["state"] == state else None

    return dict(await eventually(there) or {})


async def an_account(
    deployment: Deployment, listener: Listener, *triggers: str, **profile: Any
) -> tuple[Caller, Endpoint]:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.patch("/v1/account", {"email": "books@baltic.example"} | profile)
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": list(triggers)})
    return caller, endpoint


async def test_a_message_is_sent_and_answered(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await an_account(deployment, listener, "message.created")
    address = f"{new_id()}@story.example"
    client, channel = await caller.client(email=address), await caller.channel("replies")
    sale = await caller.sale(client["id"])
    asked = {"client_id": client["id"], "channel": "email", "subject": "Your invoice", "body": "Did it arrive?"}
    made = await caller.made_of("/v1/messages", asked | {"sale_ids": [sale["id"]], "attach_pdf": True})
    mail = await mail_to(mail_server, address)
    sent = await shown(caller, f"/v1/messages/{made['id']}", "sent")
    assert (list(mail.files), mail.message["Subject"]) == ([f"{sale['number']}.pdf"], "Your invoice")
    way = ["request_message", "message_sent", "confirm_message", "message.created"]

    async def went_its_way() -> bool:
        journey = await caller.read(f"/v1/journey/{made['id']}")
        return [one["step"] for one in journey["entries"] if "message" in one["step"]] == way

    assert await eventually(went_its_way)
    assert (await caller.get(sent["source_url"])).raw == bytes(mail.message)

    # From another address and without the thread's headers: the token in what is quoted is enough.
    quoted = "".join(f"> {line}\n" for line in mail.text.splitlines())
    reply = a_mail(f"{NEW_TEXT}\n\nOn Thu, 19 Mar 2026 at 10:00, Books <b@b.example> wrote:\n{quoted}")
    taken = await caller.anonymous("POST", channel["url"], data=bytes(reply), headers=MIME)
    got = await shown(caller, f"/v1/messages/{taken.json['message_id']}", "received")
    assert (got["client_id"], got["in_reply_to"], got["body"]) == (client["id"], sent["id"], NEW_TEXT)
    assert got["sale_ids"] == [sale["id"]]
    received = await endpoint.receives(2)
    assert [one.body["data"] for one in received] == [sent, got]

    answer = asked | {"in_reply_to": got["id"], "subject": None, "to": f"boss.{address}", "body": "Thank you"}
    await caller.made_of("/v1/messages", {name: value for name, value in answer.items() if value is not None})
    answered = await mail_to(mail_server, f"boss.{address}")
    assert answered.message["In-Reply-To"] == reply["Message-ID"]
    assert answered.message["Subject"] == reply["Subject"]


async def test_a_mail_that_comes_back_fails_its_message(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await an_account(deployment, listener, "message.failed")
    address = f"{new_id()}@story.example"
    client, channel = await caller.client(email=address), await caller.channel("replies")
    asked = {"client_id": client["id"], "channel": "email", "subject": "Hello", "body": "Did it arrive?"}
    made = await caller.made_of("/v1/messages", asked)
    mail = await mail_to(mail_server, address)
    await shown(caller, f"/v1/messages/{made['id']}", "sent")
    report = a_returned_mail(mail.message, recipient=address)
    await caller.anonymous("POST", channel["url"], data=report, headers=MIME)
    failed = await shown(caller, f"/v1/messages/{made['id']}", "failed")
    assert failed["detail"] == "5.1.1 550 no such user here"
    (received,) = await endpoint.receives(1)
    assert received.body["data"] == failed


async def test_a_promise_that_is_not_kept_is_broken_where_the_account_is(
    deployment: Deployment, listener: Listener
) -> None:
    triggers = ("promise.recorded", "promise.broken", "call.recorded", "note.created")
    caller, endpoint = await an_account(deployment, listener, *triggers, time_zone=WEST)
    client = await caller.client()
    await caller.sale(client["id"])
    today = datetime.now(tz=ZoneInfo(WEST)).date().isoformat()
    call = await caller.made_of(
        "/v1/calls", {"client_id": client["id"], "outcome": "promised", "promise": {"date": today}}
    )
    await caller.patch("/v1/account", {"time_zone": EAST})
    broken = await shown(caller, f"/v1/promises/{call['promise_id']}", "broken")
    assert (broken["amount"], broken["date"]) == ("165.01", today)
    received = await endpoint.receives(4)
    assert sorted(one.trigger for one in received) == sorted(triggers)
