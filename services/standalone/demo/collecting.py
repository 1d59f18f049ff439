"""The demo's second half: an overdue invoice is reminded of, answered, promised, not paid, and moved on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from standalone.demo.api import Api, DemoFailure
from standalone.demo.mailbox import Mailbox
from standalone.demo.receiver import Receiver
from standalone.demo.waiting import until, until_read

TRIGGERS = (
    "sale.overdue", "message.created", "note.created", "call.recorded", "promise.recorded", "promise.broken",
    "invoices.moved",
)  # fmt: skip
ADDRESS = "janis@debtor.example"
WEST, EAST = "Etc/GMT+12", "Pacific/Kiritimati"  # 26 hours apart: today in the first is over in the second
DAYS_OVERDUE = 30


async def play_collecting(api: Api, receiver: Receiver, mailbox: Mailbox, console: Console) -> str:
    """Play it and check each step; give the id of the reply."""
    await api.patch("/v1/account", {"email": "books@baltic.example", "time_zone": WEST})
    await _make_collectors(api)
    client = await api.post("/v1/clients", {"name": "Kalns SIA", "email": ADDRESS, "first_name": "Jānis"})
    sale = await _issue_overdue(api, client["id"])
    console.print(f"invoice [bold]{sale['number']}[/] is {DAYS_OVERDUE} days overdue")
    await until(receiver.changed, lambda: _has(receiver, "sale.overdue"), lambda: "sale.overdue")
    reminder = await _reminded(receiver, mailbox)
    console.print(f"reminder [bold]{reminder['Subject']}[/] arrived over SMTP at {ADDRESS}")
    reply_id = await _reply(api, receiver, reminder)
    case = await _case(api, client["id"], "awaiting_reply")
    console.print(f"the reply was matched to the client; the case waits: {case['reason']}")
    await api.post(f"/v1/messages/{reply_id}/resolve", {})
    await _promise(api, receiver, client["id"], sale["id"])
    console.print("a promise made in a call was recorded, and broken when its day was over")
    await _move(api, receiver, client["id"])
    console.print("the collector's last step moved the invoice to [bold]Final notice[/]")
    return reply_id


def _has(receiver: Receiver, trigger: str, **fields: Any) -> bool:
    return any(one.trigger == trigger and fields.items() <= one.body["data"].items() for one in receiver.delivered)


async def _make_collectors(api: Api) -> None:
    last = await api.post(
        "/v1/collectors", {"name": "Final notice (demo)", "steps": [{"channel": "call", "delay": "P60D"}]}
    )
    template = {
        "subject": "{{ count }} open invoice",
        "body": "Dear {{ client.contact }},\n\n{{ amount }} is open. Please pay it now.",
    }
    steps = [
        {"channel": "email", "delay": "P3D", "template": template},
        {"channel": "move", "delay": "P10D", "automatic": False, "target_collector_id": last["id"]},
    ]
    await api.post("/v1/collectors", {"name": "Reminders (demo)", "default": True, "steps": steps})


async def _issue_overdue(api: Api, client_id: str) -> dict[str, Any]:
    due = datetime.now(tz=UTC).date() - timedelta(days=DAYS_OVERDUE)
    body = {
        "sale_type": "sales_invoice",
        "client_id": client_id,
        "currency": "EUR",
        "document_date": (due - timedelta(days=14)).isoformat(),
        "date_due": due.isoformat(),
        "issue": True,
        "lines": [{"description": "Consulting", "quantity": "2", "unit_price": "100"}],
    }
    return await api.post("/v1/sales", body)


async def _reminded(receiver: Receiver, mailbox: Mailbox) -> EmailMessage:
    await until(mailbox.changed, lambda: mailbox.to(ADDRESS) is not None, lambda: f"a reminder to {ADDRESS}")
    await until(
        receiver.changed,
        lambda: _has(receiver, "message.created", direction="sent", to=ADDRESS),
        lambda: "message.created of the reminder",
    )
    mail = mailbox.to(ADDRESS)
    if mail is None:
        raise DemoFailure("the reminder is gone")
    return mail


async def _reply(api: Api, receiver: Receiver, reminder: EmailMessage) -> str:
    """Answer as a mail program does, with the reminder quoted; give the message's id."""
    channel = await api.post("/v1/channels", {"kind": "replies", "name": "Replies"})
    body = reminder.get_body(("plain",))
    text = "" if body is None else str(body.get_content())
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Jānis Kalns <{ADDRESS}>", "books@baltic.example"
    mail["Subject"], mail["In-Reply-To"] = f"Re: {reminder['Subject']}", str(reminder["Message-ID"])
    quoted = "".join(f"> {line}\n" for line in text.splitlines())
    mail.set_content(f"We will pay this week.\n\nOn Monday, 2 March 2026 at 10:00, Books wrote:\n{quoted}")
    taken = await api.post_bytes(channel["url"], bytes(mail), "message/rfc822")
    await until(
        receiver.changed,
        lambda: _has(receiver, "message.created", id=taken["message_id"], body="We will pay this week."),
        lambda: "message.created of the reply",
    )
    return str(taken["message_id"])


async def _case(api: Api, client_id: str, state: str, last_step: int | None = None) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        cases = (await api.get(f"/v1/cases?client_id={client_id}&state={state}"))["items"]
        return next((one for one in cases if last_step in {None, one["last_step"]}), None)

    return await until_read(found, f"a case in the state {state}")


async def _promise(api: Api, receiver: Receiver, client_id: str, sale_id: str) -> None:
    """Promise to pay today, let the day be over by moving the account east, and pay too little."""
    today = datetime.now(tz=ZoneInfo(WEST)).date().isoformat()
    call = {"client_id": client_id, "outcome": "promised", "note": "Pays today", "promise": {"date": today}}
    await api.post("/v1/calls", call)
    await _case(api, client_id, "promised")
    await api.patch("/v1/account", {"time_zone": EAST})
    part = {"client_id": client_id, "amount": "1.00", "currency": "EUR", "method": "bank"}
    await api.post("/v1/payments", part | {"allocations": [{"sale_id": sale_id, "amount": "1.00"}]})
    missing: Callable[[], str] = lambda: "promise.recorded, call.recorded and promise.broken"  # noqa: E731  short
    await until(
        receiver.changed,
        lambda: all(_has(receiver, one) for one in ("promise.recorded", "call.recorded", "promise.broken")),
        missing,
    )


async def _move(api: Api, receiver: Receiver, client_id: str) -> None:
    """Let the manual last step be taken."""
    case = await _case(api, client_id, "pending", last_step=0)
    await api.post(f"/v1/cases/{case['id']}/send", {})
    await until(receiver.changed, lambda: _has(receiver, "invoices.moved", cause="workflow"), lambda: "invoices.moved")
