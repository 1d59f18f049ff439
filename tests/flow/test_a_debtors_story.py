"""One debtor from the first reminder to the final notice, with every event, on both buses.

The transcript is written as Markdown where `LEDGERWIRE_TRANSCRIPT` names a file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.flow.conftest import Deployment
from tests.support import mails as customers
from tests.support.caller import Caller
from tests.support.debts import a_mail, a_next_mail, case_is, debtor, mails_to, shown
from tests.support.listener import Endpoint, Listener
from tests.support.smtp_server import SmtpServer, TakenMail

TRIGGERS = (
    "sale.posted", "sale.overdue", "message.created", "note.created", "call.recorded", "promise.recorded",
    "promise.broken", "dispute.opened", "dispute.resolved", "invoices.moved", "payment.posted", "sale.paid",
)  # fmt: skip
WEST, EAST = "Etc/GMT+12", "Pacific/Kiritimati"  # a day that begins in one is over in the other
SHOWN = ("kind", "direction", "state", "subject", "outcome", "amount", "date", "reason", "resolution", "cause", "body")
MIME = {"Content-Type": "message/rfc822"}


@dataclass(slots=True)
class Transcript:
    """What was done, what was received of it, and how the case stood then."""

    caller: Caller
    endpoint: Endpoint
    lines: list[str] = field(default_factory=list)
    counted: int = 0

    async def received(self, what: str, *triggers: str) -> list[dict[str, Any]]:
        """Hold that exactly these events follow from what was done; give their data in the order of the names."""
        received = (await self.endpoint.receives(self.counted + len(triggers), deadline_seconds=60))[self.counted :]
        assert sorted(one.trigger for one in received) == sorted(triggers), what
        self.counted += len(triggers)
        self.lines += ["", f"## {what}", ""]
        for one in received:
            data = one.body["data"]
            said = ", ".join(f"{name}: {_short(data[name])}" for name in SHOWN if data.get(name) is not None)
            self.lines.append(f"- `{one.trigger}` {said}")
        return [next(one.body["data"] for one in received if one.trigger == trigger) for trigger in triggers]

    async def stands(self, client_id: str, state: str) -> dict[str, Any]:
        """Wait until the client has a case in this state."""
        case = await case_is(self.caller, client_id, state)
        self.lines.append(f"- case: {state} in {case['collector']['name']}, {case['reason']}")
        return case

    def keep(self) -> None:
        """Write the transcript where the environment says so."""
        if path := os.environ.get("LEDGERWIRE_TRANSCRIPT"):
            title = "# One debtor, from the first reminder to the final notice"
            Path(path).write_text("\n".join([title, *self.lines, ""]), encoding="utf-8")


def _short(value: Any) -> str:
    return str(value).split("\n", 1)[0][:80]


async def test_one_debtor_from_the_first_reminder_to_the_final_notice(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    story = Transcript(caller, endpoint)
    await _collectors(caller)
    hook = {"target_url": endpoint.url, "triggers": list(TRIGGERS), "ordered": "client"}
    await caller.made_of("/v1/hooks", hook)
    channel = await caller.channel("replies")
    client, sale = await debtor(caller)
    await story.received("An overdue invoice, and the first reminder", "sale.posted", "sale.overdue", "message.created")
    (first,) = await mails_to(mail_server, client["email"])
    await _answers(caller, channel["url"], first)
    (reply,) = await story.received("The client answers", "message.created")
    await story.stands(client["id"], "awaiting_reply")
    assert (await caller.post(f"/v1/messages/{reply['id']}/resolve")).status == 200
    case = await story.stands(client["id"], "pending")
    assert (await caller.post(f"/v1/cases/{case['id']}/send")).status == 200
    await story.received("A person sends the second reminder", "message.created")
    second = (await mails_to(mail_server, client["email"], 2))[1]
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    await _promises_and_disputes(story, client["id"], sale["id"])
    await _final_notice(story, mail_server, client, sale["id"])
    timeline = (await caller.read(f"/v1/cases/{case['id']}"))["timeline"]
    assert sorted(one["detail"]["step"] for one in timeline if one["kind"] == "step_taken") == [0, 1, 2, 3]
    story.keep()


async def _collectors(caller: Caller) -> None:
    await caller.patch("/v1/account", {"email": "books@baltic.example", "time_zone": WEST})
    final = await caller.made_of("/v1/collectors", {"name": "Final notice", "steps": [_letter()]})
    call = {"channel": "call", "anchor": "after_previous", "delay": "PT0S", "automatic": False}
    move = {
        "channel": "move", "anchor": "after_previous", "delay": "PT0S", "target_collector_id": final["id"],
        "notify": {"to": ["boss@baltic.example"], "subject": "{{ client.name }}", "body": "{{ amount }} is open"},
    }  # fmt: skip
    steps = [a_mail(), a_next_mail("PT0S", automatic=False), call, move]
    await caller.made_of("/v1/collectors", {"name": "Reminders", "default": True, "steps": steps})


def _letter() -> dict[str, Any]:
    words = {"subject": "Final notice: {{ amount }}", "body": "Dear {{ client.contact }}, this is the last reminder."}
    return a_next_mail("PT0S", template=words)


async def _answers(caller: Caller, url: str, mail: TakenMail) -> None:
    reply = customers.a_mail("I will pay soon.\n", In_Reply_To=mail.message["Message-ID"])
    assert (await caller.anonymous("POST", url, data=bytes(reply), headers=MIME)).status == 200


async def _promises_and_disputes(story: Transcript, client_id: str, sale_id: str) -> None:
    caller = story.caller
    await story.stands(client_id, "pending")
    today = datetime.now(tz=ZoneInfo(WEST)).date().isoformat()
    call = {"client_id": client_id, "outcome": "promised", "note": "Today", "promise": {"date": today}, "advance": True}
    made = await caller.made_of("/v1/calls", call)
    await story.received("A call, and a promise in it", "call.recorded", "note.created", "promise.recorded")
    await story.stands(client_id, "promised")
    dispute = await caller.made_of("/v1/disputes", {"sale_id": sale_id, "reason": "Not all of it came"})
    await story.received("The client disputes the invoice", "dispute.opened", "note.created")
    await story.stands(client_id, "disputed")
    await caller.patch("/v1/account", {"time_zone": EAST})
    await caller.payment(client_id, "1.00", (sale_id, "1.00"))
    await story.received("The promised day ends with a part of it paid", "payment.posted", "promise.broken")
    await shown(caller, f"/v1/promises/{made['promise_id']}", "broken")
    resolved = await caller.post(f"/v1/disputes/{dispute['id']}/resolve", {"resolution": "rejected"})
    assert resolved.status == 200


async def _final_notice(story: Transcript, mail_server: SmtpServer, client: dict[str, Any], sale_id: str) -> None:
    what = "The dispute is rejected: the workflow moves the invoice, and the final notice goes"
    _, moved, notice = await story.received(what, "dispute.resolved", "invoices.moved", "message.created")
    assert (moved["cause"], notice["subject"]) == ("workflow", "Final notice: 164.01 EUR")
    await story.stands(client["id"], "idle")
    mails = await mails_to(mail_server, client["email"], 3)
    assert [one.message["Subject"] for one in mails] == ["Open: 165.01 EUR"] * 2 + ["Final notice: 164.01 EUR"]
    await story.caller.payment(client["id"], "164.01", (sale_id, "164.01"))
    await story.received("The client pays", "payment.posted", "sale.paid")
    await story.stands(client["id"], "settled")
