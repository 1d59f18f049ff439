"""What waits for a person is counted as the lists show it, up to a bound."""

from __future__ import annotations

from ingress.api.waiting import COUNTED_UP_TO, KINDS
from tests.support.caller import Caller, a_document, an_invoice
from tests.support.eventually import eventually
from tests.support.listener import listening

LISTS = {
    "purchases": "/v1/inbox/purchases?state=received", "orders": "/v1/inbox/sales?state=received",
    "overdue_invoices": "/v1/sales?overdue=true", "drafts": "/v1/sales?status=draft", "calls": "/v1/calls?due=true",
    "reminders": "/v1/cases?state=pending", "replies": "/v1/messages?needs_response=true",
    "unmatched_replies": "/v1/messages?unmatched=true", "idle_debtors": "/v1/cases?state=idle",
    "failed_runs": "/v1/runs?state=failed", "failed_deliveries": "/v1/deliveries?state=failed",
}  # fmt: skip


async def test_an_account_without_anything_has_nothing_waiting(caller: Caller) -> None:
    assert await caller.read("/v1/waiting") == {"counted_up_to": COUNTED_UP_TO, **dict.fromkeys(KINDS, 0)}


def test_every_kind_is_compared_with_its_list() -> None:
    assert LISTS.keys() == KINDS.keys()


async def test_each_kind_is_as_many_as_its_list_has(caller: Caller) -> None:
    async with listening() as listener:
        failing = {"action": "http_request", "input": {"url": listener.endpoint(usual=400).url}}
        automation = {"name": "Fails", "enabled": True, "trigger": {"key": "sale.created"}, "steps": [failing]}
        await caller.made_of("/v1/automations", automation)
        client = await caller.client()
        await caller.made_of("/v1/sales", an_invoice(client["id"], issue=False))
        await caller.sale(client["id"], document_date="2026-01-01", pay_term={"type": 0}, date_due="2026-01-15")
        channel = await caller.channel()
        sent = await caller.anonymous("POST", channel["url"], json=a_document("A-1"))
        assert sent.status == 200, sent.text

        async def shown() -> bool:
            counted = await caller.read("/v1/waiting")
            listed = {name: len(await caller.items(path)) for name, path in LISTS.items()}
            wanted = ("purchases", "overdue_invoices", "drafts", "failed_runs")
            same = all(counted[name] == listed[name] for name in LISTS)
            return same and all(counted[name] for name in wanted)

        await eventually(shown, deadline_seconds=30)
