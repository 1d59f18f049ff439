"""Every path and verb of collections with its documented body, over HTTP on both buses: each answers as documented."""

from __future__ import annotations

from typing import Any, Final

from contracts.primitives.ids import new_id
from ingress.routes import ROUTES
from tests.flow.conftest import Deployment
from tests.support import mails as customers
from tests.support.caller import Answer, Caller
from tests.support.debts import LATE, a_mail, case_is, debtor, shown

PATHS: Final = (
    "/v1/collectors", "/v1/cases", "/v1/messages", "/v1/notes", "/v1/calls", "/v1/disputes", "/v1/promises",
    "/v1/invoices/move", "/v1/reports/debtor-days", "/v1/reports/collections", "/v1/account",
)  # fmt: skip
MIME: Final = {"Content-Type": "message/rfc822"}
FAR: Final = "2199-01-01"
SETTINGS: Final[dict[str, Any]] = {
    "email": "books@baltic.example",
    "send_window": {"opens": None, "closes": None, "weekdays": [1, 2, 3, 4, 5, 6, 7], "holidays": ["2099-12-25"]},
    "min_contact_interval": "PT0S",
    "reply_to": "replies@baltic.example",
    "sender_name": "Baltic books",
    "sms_sender": "Baltic",
    "thank_you": True,
    "disputed_invoices": "mark",
}


class Walk:
    """An HTTP client that notes which path and verb it called."""

    def __init__(self, caller: Caller) -> None:
        self.caller, self.walked = caller, set[tuple[str, str]]()

    async def call(
        self, verb: str, path: str, body: Any = None, *, at: str = "", query: str = "", status: int = 200, **ids: str
    ) -> Any:
        """Call a path as the page writes it, its parts in braces filled in; hold its status, and give its JSON."""
        self.walked.add((verb, path))
        given = {} if body is None else {"json": body}
        answer: Answer = await self.caller.send(verb, path.format(id=at, **ids) + query, **given)
        assert (path, answer.status) == (path, status), answer.text
        return answer.json if answer.headers["Content-Type"].startswith("application/json") else answer.raw

    async def finds(self, path: str, expected: list[str], *queries: str) -> None:
        """Hold that a list has these objects, whichever of the filters is used."""
        for query in queries:
            found = await self.call("GET", path, query=f"?{query}")
            assert (path, query, [one["id"] for one in found["items"]]) == (path, query, expected)


async def test_each_path_and_verb_takes_its_documented_body_and_answers_as_documented(deployment: Deployment) -> None:
    walk = Walk(await deployment.account())
    account = await walk.call("PATCH", "/v1/account", SETTINGS)
    assert await walk.call("GET", "/v1/account") == account
    assert {name: account[name] for name in SETTINGS} == SETTINGS
    strict, mild = await _collectors(walk)
    client, sale = await debtor(walk.caller, phone="+37120000000")
    await _cases(walk, client, sale, strict)
    await _messages(walk, client, sale, strict)
    await _notes(walk, client)
    await _calls_and_promises(walk, client)
    await _disputes(walk, sale)
    await _moves(walk, client, sale, strict, mild)
    there = {(one.method, one.path) for one in ROUTES if one.path.startswith(PATHS) and "/logo" not in one.path}
    assert there - walk.walked == set()


async def _collectors(walk: Walk) -> tuple[str, str]:
    step: dict[str, Any] = a_mail(automatic=False)
    steps = [step, step | {"delay": "P3D"}]
    made = {"name": "Strict", "kind": "client", "default": True, "steps": steps}
    strict = await walk.call("POST", "/v1/collectors", made, status=201)
    mild = await walk.call("POST", "/v1/collectors", {"name": "Mild", "steps": [step]}, status=201)
    assert (strict["kind"], strict["default"], strict["version"], mild["default"]) == ("client", True, 1, False)
    listed = await walk.call("GET", "/v1/collectors")
    assert [one["id"] for one in listed["items"]][:2] == [mild["id"], strict["id"]]
    changed = made | {"steps": [step, *steps], "apply_to_active": True}
    after = await walk.call("PUT", "/v1/collectors/{id}", changed, at=strict["id"])
    assert (after["version"], len(after["steps"])) == (2, 3)
    assert await walk.call("GET", "/v1/collectors/{id}", at=strict["id"]) == after
    versions = await walk.call("GET", "/v1/collectors/{id}/versions", at=strict["id"])
    assert [one["version"] for one in versions["items"]] == [2, 1]
    return strict["id"], mild["id"]


async def _cases(walk: Walk, client: dict[str, Any], sale: dict[str, Any], strict: str) -> None:
    case = await case_is(walk.caller, client["id"], "pending")
    preview = {"subject": "Open: 165.01 EUR", "body": "Dear Aija, 165.01 EUR is open.", "language": "en"}
    for whom in ({"client_id": client["id"]}, {"sale_id": sale["id"]}):
        shown_ = await walk.call("POST", "/v1/collectors/{id}/preview", whom | {"step": 0}, at=strict)
        assert shown_ == preview | {"to": client["email"]}
    unsaved = {"client_id": client["id"], "step": a_mail()}
    assert (await walk.call("POST", "/v1/collectors/preview", unsaved))["subject"] == preview["subject"]
    filters = ("state=pending", f"collector_id={strict}", f"client_id={client['id']}", "next_channel=email")
    await walk.finds("/v1/cases", [case["id"]], *filters, "min_amount=165.01", "sort=amount", "sort=age")
    await walk.finds("/v1/cases", [], "min_amount=165.02", "state=muted", "next_channel=sms")
    whole = await walk.call("GET", "/v1/cases/{id}", at=case["id"])
    assert [one["kind"] for one in whole.pop("timeline")] == ["state"]
    assert (whole["client"]["id"], whole["sale_ids"]) == (client["id"], [sale["id"]])
    assert (whole["open_amount"], whole["overdue_amount"]) == ("165.01", "165.01")
    assert (whole["reason"], whole["next_step"]) == (
        "a manual step is due", {"step": 2, "channel": "email", "at": None}
    )  # fmt: skip
    for verb, body, state in (
        ("pause", {"until": FAR, "reason": "On holiday"}, "paused"), ("resume", None, "pending"),
        ("mute", {"reason": "With a court"}, "muted"), ("unmute", None, "pending"),
        ("snooze", {"until": FAR}, "paused"), ("resume", None, "pending"),
    ):  # fmt: skip
        assert (await walk.call("POST", f"/v1/cases/{{id}}/{verb}", body, at=case["id"]))["state"] == state
    assert (await walk.call("POST", "/v1/cases/{id}/send", at=case["id"]))["id"] == case["id"]
    await case_is(walk.caller, client["id"], "idle")
    second, _ = await debtor(walk.caller)
    waiting = await case_is(walk.caller, second["id"], "pending")
    skipped = await walk.call("POST", "/v1/cases/{id}/skip", at=waiting["id"])
    assert (skipped["state"], skipped["last_step"]) == ("idle", 2)


async def _messages(walk: Walk, client: dict[str, Any], sale: dict[str, Any], strict: str) -> None:
    (reminder,) = (await walk.call("GET", "/v1/messages", query=f"?client_id={client['id']}"))["items"]
    await shown(walk.caller, f"/v1/messages/{reminder['id']}", "sent")
    usual = {"client_id": client["id"], "channel": "email"}
    own = usual | {"subject": "Hello", "body": "Is all well?", "sale_ids": [sale["id"]]}
    made = await walk.call("POST", "/v1/messages", own, status=201)
    assert (made["state"], made["to"], made["sale_ids"]) == ("requested", client["email"], [sale["id"]])
    sent = await shown(walk.caller, f"/v1/messages/{made['id']}", "sent")
    templated = await walk.call(
        "POST", "/v1/messages", usual | {"template": {"collector_id": strict, "step": 0}}, status=201
    )
    assert templated["subject"] == "Open: 165.01 EUR"
    await shown(walk.caller, f"/v1/messages/{templated['id']}", "sent")
    report = {"direction": "received", "occurred_at": "2026-03-02T09:00:00+00:00", "origin": "external", "body": "Yes."}
    reported = await walk.call("POST", "/v1/messages", usual | report, status=201)
    assert (reported["state"], reported["origin"], reported["occurred_at"]) == (
        "received",
        "external",
        report["occurred_at"],
    )
    mine = f"client_id={client['id']}"
    await walk.finds("/v1/messages", [templated["id"], made["id"], reminder["id"]], f"{mine}&direction=sent",
                     f"{mine}&state=sent")  # fmt: skip
    await walk.finds("/v1/messages", [], f"{mine}&channel=sms", f"{mine}&unmatched=true")
    one = await walk.call("GET", "/v1/messages/{id}", at=made["id"])
    assert one == sent
    source = await walk.call("GET", "/v1/messages/{id}/source", at=made["id"])
    assert b"Subject: Hello" in source
    await _a_strangers_message(walk, client["id"])


async def _a_strangers_message(walk: Walk, client_id: str) -> None:
    channel = await walk.caller.channel("replies")
    mail = customers.a_mail("Who are you?\n", From=f"{new_id()}@nobody.example", Message_ID=f"<{new_id()}@n.example>")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="proof.pdf")
    taken = await walk.caller.anonymous("POST", channel["url"], data=bytes(mail), headers=MIME)
    message_id = taken.json["message_id"]
    await shown(walk.caller, f"/v1/messages/{message_id}", "received")
    await walk.finds("/v1/messages", [message_id], "unmatched=true")
    file = await walk.call("GET", "/v1/messages/{id}/attachments/{number}", at=message_id, number="1")
    assert file == b"%PDF-1.7"
    assigned = await walk.call("POST", "/v1/messages/{id}/assign", {"client_id": client_id}, at=message_id)
    assert (assigned["client_id"], assigned["needs_response"]) == (client_id, True)
    await case_is(walk.caller, client_id, "awaiting_reply")
    resolved = await walk.call("POST", "/v1/messages/{id}/resolve", at=message_id)
    assert resolved["resolved_at"] is not None


async def _notes(walk: Walk, client: dict[str, Any]) -> None:
    body = {"client_id": client["id"], "body": "Ask first", "pinned": False, "needs_response": True}
    note = await walk.call("POST", "/v1/notes", body, status=201)
    assert (note["kind"], note["needs_response"]) == ("note", True)
    await walk.finds("/v1/notes", [note["id"]], f"client_id={client['id']}&needs_response=true")
    assert await walk.call("GET", "/v1/notes/{id}", at=note["id"]) == note
    assert (await walk.call("PATCH", "/v1/notes/{id}", {"pinned": True}, at=note["id"]))["pinned"] is True
    resolved = await walk.call("POST", "/v1/notes/{id}/resolve", at=note["id"])
    assert resolved["resolved_at"] is not None
    await walk.finds("/v1/notes", [], f"client_id={client['id']}&needs_response=true")


async def _calls_and_promises(walk: Walk, client: dict[str, Any]) -> None:
    assert (await walk.call("GET", "/v1/calls", query="?due=true"))["items"] == []
    body = {"client_id": client["id"], "outcome": "spoke", "note": "Will pay", "snooze_until": FAR, "advance": True}
    call = await walk.call("POST", "/v1/calls", body, status=201)
    assert (call["outcome"], call["snooze_until"], call["advance"]) == ("spoke", FAR, False)  # no call was due
    await walk.finds("/v1/calls", [call["id"]], f"client_id={client['id']}", "outcome=spoke")
    assert await walk.call("GET", "/v1/calls/{id}", at=call["id"]) == call
    promise = await walk.call(
        "POST", "/v1/promises", {"client_id": client["id"], "date": "2030-01-01", "amount": "100.00"}, status=201
    )
    assert (promise["state"], promise["amount"]) == ("open", "100.00")
    await walk.finds("/v1/promises", [promise["id"]], f"client_id={client['id']}", "state=open")
    assert await walk.call("GET", "/v1/promises/{id}", at=promise["id"]) == promise
    assert (await walk.call("POST", "/v1/promises/{id}/cancel", at=promise["id"]))["state"] == "cancelled"


async def _disputes(walk: Walk, sale: dict[str, Any]) -> None:
    body = {"sale_id": sale["id"], "reason": "Damaged", "note": "One box of three"}
    dispute = await walk.call("POST", "/v1/disputes", body, status=201)
    assert (dispute["state"], dispute["reason"]) == ("open", "Damaged")
    await walk.finds("/v1/disputes", [dispute["id"]], "state=open", f"sale_id={sale['id']}")
    assert await walk.call("GET", "/v1/disputes/{id}", at=dispute["id"]) == dispute
    end = {"resolution": "rejected", "note": "It was whole"}
    resolved = await walk.call("POST", "/v1/disputes/{id}/resolve", end, at=dispute["id"])
    assert (resolved["state"], resolved["resolution"]) == ("resolved", "rejected")


async def _moves(walk: Walk, client: dict[str, Any], sale: dict[str, Any], strict: str, mild: str) -> None:
    by_invoice = {"invoice_ids": [sale["id"]], "collector_id": mild, "note": "He knows them"}
    moved = await walk.call("POST", "/v1/invoices/move", by_invoice)
    assert (moved["cause"], moved["from_collector"]["id"], moved["to_collector"]["id"]) == ("person", strict, mild)
    assert [one["id"] for one in moved["invoices"]] == [sale["id"]]
    await walk.call("POST", "/v1/invoices/move", by_invoice, status=409)
    other = await walk.caller.sale(client["id"], **LATE)
    back = await walk.call("POST", "/v1/invoices/move", {"client_id": client["id"], "collector_id": strict})
    assert [one["id"] for one in back["invoices"]] == [sale["id"]]
    assert other["id"] not in {one["id"] for one in back["invoices"]}
    await walk.call("DELETE", "/v1/collectors/{id}", at=strict, status=409)
    gone = await walk.call("DELETE", "/v1/collectors/{id}", at=strict, query=f"?move_to={mild}")
    assert gone == {"id": strict, "deleted": True, "moved_to": mild}
    (step,) = (await walk.call("GET", "/v1/reports/collections"))["items"]
    assert (step["collector"]["id"], step["step"], step["reminded"], step["promised"]) == (strict, 2, 1, 1)
    days = await walk.call("GET", "/v1/reports/debtor-days")
    assert {"month", "days"} <= set(days["items"][0])
