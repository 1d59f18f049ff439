"""An automation: what happens starts it, a filter may end it, its steps act outwards and on our own books."""

from __future__ import annotations

from typing import Any

from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, Listener


def to_chat(endpoint: Endpoint, **fields: Any) -> dict[str, Any]:
    """Invoices of 1000 or more are posted to the chat."""
    return {
        "name": "Big invoices to chat",
        "enabled": True,
        "trigger": {"key": "sale.posted", "filters": {"sale_type": ["sales_invoice"]}},
        "steps": [
            {"action": "filter", "input": {"where": "{{ trigger.data.total }}", "op": "gte", "value": "1000"}},
            {
                "action": "post_chat_message",
                "input": {
                    "url": endpoint.url,
                    "text": "{{ trigger.data.number }}: {{ trigger.data.total }} {{ trigger.data.currency }}",
                },
            },
        ],
    } | fields


async def run_of(caller: Caller, automation: dict[str, Any], state: str) -> dict[str, Any]:
    """The automation's newest run, once it is in this state."""

    async def settled() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/runs?automation_id={automation['id']}")
        return found[0] if found and found[0]["state"] == state else None

    listed = await eventually(settled)
    assert listed
    return dict(await caller.read(f"/v1/runs/{listed['id']}"))


def a_line(price: str) -> dict[str, str]:
    return {"description": "Work", "quantity": "1", "unit_price": price}


async def test_a_big_invoice_is_posted_to_the_chat_and_a_small_one_is_not(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint(usual=200)
    automation = await caller.made_of("/v1/automations", to_chat(endpoint))
    client = await caller.client()
    await caller.sale(client["id"], lines=[a_line("999.99")])
    small = await run_of(caller, automation, "filtered")
    assert [step["state"] for step in small["steps"]] == ["succeeded", "skipped"]
    big = await caller.sale(client["id"], lines=[a_line("1000.00")])
    run = await run_of(caller, automation, "succeeded")
    assert [step["state"] for step in run["steps"]] == ["succeeded", "succeeded"]
    assert run["steps"][1]["input"]["text"] == f"{big['number']}: 1000.00 EUR"
    assert run["trigger"]["data"] == big
    assert [one.body["text"] for one in endpoint.received] == [f"{big['number']}: 1000.00 EUR"]


async def test_an_automation_acts_on_our_own_books(caller: Caller) -> None:
    automation = await caller.made_of(
        "/v1/automations",
        {
            "name": "Every quote gets its proforma",
            "enabled": True,
            "trigger": {"key": "sale.posted", "filters": {"sale_type": ["sales_estimate"]}},
            "steps": [
                {
                    "action": "create_document",
                    "input": {
                        "sale_type": "sales_proforma",
                        "client_id": "{{ trigger.data.client_id }}",
                        "currency": "{{ trigger.data.currency }}",
                        "lines": [
                            {"description": "As quoted", "quantity": "1", "unit_price": "{{ trigger.data.net }}"}
                        ],
                    },
                }
            ],
        },
    )
    client = await caller.client()
    quote = await caller.sale(client["id"], sale_type="sales_estimate")
    run = await run_of(caller, automation, "succeeded")
    (proforma,) = await caller.items("/v1/sales?sale_type=sales_proforma")
    assert run["steps"][0]["guarantee"] == "exactly_once"
    assert run["steps"][0]["output"]["id"] == proforma["id"]
    assert (proforma["client_id"], proforma["net"]) == (client["id"], quote["net"])


async def test_an_automation_that_is_off_does_not_run(caller: Caller, listener: Listener) -> None:
    endpoint, hook_ear = listener.endpoint(usual=200), listener.endpoint()
    automation = await caller.made_of("/v1/automations", to_chat(endpoint, steps=to_chat(endpoint)["steps"][1:]))
    await caller.made_of("/v1/hooks", {"target_url": hook_ear.url, "triggers": ["sale.posted"]})
    client = await caller.client()
    assert (await caller.post(f"/v1/automations/{automation['id']}/disable")).status == 200
    await caller.sale(client["id"])
    await hook_ear.receives(1)
    assert await caller.items(f"/v1/runs?automation_id={automation['id']}") == []
    assert (await caller.post(f"/v1/automations/{automation['id']}/enable")).status == 200
    await caller.sale(client["id"])
    await run_of(caller, automation, "succeeded")
    assert len(endpoint.received) == 1


async def test_a_step_that_cannot_succeed_fails_the_run_and_says_why(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint(usual=404)
    automation = await caller.made_of("/v1/automations", to_chat(endpoint, steps=to_chat(endpoint)["steps"][1:]))
    await caller.sale((await caller.client())["id"])
    run = await run_of(caller, automation, "failed")
    assert run["steps"][0]["state"] == "failed"
    assert "404" in run["error"]


async def test_steps_push_a_purchase_issue_a_draft_and_find_it_again(caller: Caller) -> None:
    client = await caller.client()
    line = {"description": "Paper", "quantity": "1", "unit_price": "10.00", "tax_rate": "21"}
    purchase = {
        "document_ref": "{{ trigger.data.code }}", "document_date": "2026-03-02", "sale_type": "sales_invoice",
        "currency": "EUR", "supplier": {"name": "Paper Ltd"}, "lines": [line],
    }  # fmt: skip
    automation = await caller.made_of(
        "/v1/automations",
        {
            "name": "Stock",
            "trigger": {"key": "product.created"},
            "enabled": True,
            "steps": [
                {"action": "create_purchase", "input": {"document": purchase, "comment": "by an automation"}},
                {
                    "action": "create_document",
                    "input": {
                        "sale_type": "sales_invoice", "client_id": client["id"], "currency": "EUR", "lines": [line],
                        "external_id": "{{ steps[0].output.id }}",
                    },
                },
                {"action": "issue_document", "input": {"id": "{{ steps[1].output.id }}"}},
                {"action": "find_sale", "input": {"external_id": "{{ steps[0].output.id }}"}},
            ],
        },
    )  # fmt: skip
    await caller.made_of("/v1/products", {"code": "PAP-1", "name": "Paper"})
    run = await run_of(caller, automation, "succeeded")
    pushed, _, issued, found = [step["output"] for step in run["steps"]]
    message = await caller.read(f"/v1/inbox/purchases/{pushed['id']}")
    assert message | {"duplicate": False} == pushed
    assert (pushed["document"]["document_ref"], pushed["comment"]) == ("PAP-1", "by an automation")
    assert found == {"found": True, "sale": issued}
    assert await caller.read(f"/v1/sales/{issued['id']}") == issued
