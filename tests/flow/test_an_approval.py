"""A person approves a step by the link of a mail, and another one over the API."""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from tests.flow.test_an_automation import run_of
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Listener
from tests.support.smtp_server import SmtpServer


def asking(to: list[str], url: str) -> dict[str, Any]:
    ask = {"message": "Pay {{ trigger.data.number }}?", "to": to, "expires_in": "P2D"}
    return {
        "name": "Ask first",
        "enabled": True,
        "trigger": {"key": "sale.posted"},
        "steps": [
            {"action": "approve", "input": ask},
            {"action": "post_chat_message", "input": {"url": url, "text": "by {{ steps[0].output.by.name }}"}},
        ],
    }


async def link_to(mails: SmtpServer, address: str) -> str:
    """The link in the newest mail to an address."""

    async def found() -> str | None:
        mine = [mail for mail in mails.mails if mail.recipients == [address]]
        links = re.findall(r"https?://\S+/ext/approvals/\S+", mine[-1].text) if mine else []
        return links[0] if links else None

    link = await eventually(found)
    assert link
    return link


async def test_the_link_of_a_mail_shows_a_page_and_its_form_lets_the_run_go_on_once(
    caller: Caller, listener: Listener, mail_server: SmtpServer
) -> None:
    assert (await caller.patch("/v1/account", {"email": "office@office.example"})).status == 200
    endpoint, address = listener.endpoint(usual=200), f"boss-{caller.account_id}@office.example"
    automation = await caller.made_of("/v1/automations", asking([address], endpoint.url))
    sale = await caller.sale((await caller.client())["id"])
    waiting = await run_of(caller, automation, "waiting")
    assert waiting["steps"][0]["state"] == "waiting"
    link = await link_to(mail_server, address)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(link) as shown:
            page = await shown.text()
        assert (shown.status, shown.content_type) == (200, "text/html")
        assert f"Pay {sale['number']}?" in page
        assert (await caller.read(f"/v1/runs/{waiting['id']}"))["state"] == "waiting"
        async with browser.post(link, data={"decision": "approve", "comment": "fine"}) as decided:
            assert decided.status == 200
        run = await run_of(caller, automation, "succeeded")
        async with (
            browser.post(link, data={"decision": "refuse"}) as again,
            browser.get(link[:-9] + "AAAAAAAAA") as forged,
        ):
            assert (again.status, forged.status) == (404, 404)
    assert run["steps"][0]["output"]["comment"] == "fine"
    assert endpoint.received[0].body["text"] == f"by {address}"


async def test_a_run_is_refused_over_the_api_and_its_journey_says_so(caller: Caller, listener: Listener) -> None:
    automation = await caller.made_of("/v1/automations", asking([], listener.endpoint(usual=200).url))
    await caller.sale((await caller.client())["id"])
    waiting = await run_of(caller, automation, "waiting")
    refused = await caller.post(f"/v1/runs/{waiting['id']}/refuse", {"step": 0, "comment": "too much"})
    assert refused.status == 200
    run = await run_of(caller, automation, "cancelled")
    assert run["error"].endswith("too much")
    assert (await caller.post(f"/v1/runs/{waiting['id']}/approve", {"step": 0})).status == 409
    journey = await caller.read(f"/v1/journey/{run['id']}")
    assert "run_cancelled" in [entry["step"] for entry in journey["entries"]]


async def test_an_approval_that_is_asked_for_by_itself_ends_with_the_decision_behind_the_mails_link(
    caller: Caller, mail_server: SmtpServer
) -> None:
    assert (await caller.patch("/v1/account", {"email": "office@office.example"})).status == 200
    address = f"boss-{caller.account_id}@office.example"
    asked = await caller.post("/v1/actions/approve", {"message": "Hire Ann?", "to": [address]})
    assert asked.status == 202
    link = await link_to(mail_server, address)
    async with aiohttp.ClientSession() as browser, browser.post(link, data={"decision": "refuse"}) as decided:
        assert decided.status == 200

    async def ended() -> dict[str, Any]:
        operation = dict(await caller.read(asked.headers["Location"]))
        return operation if operation["state"] != "pending" else {}

    operation = await eventually(ended)
    assert (operation["state"], operation["result"]["approved"]) == ("succeeded", False)
    assert operation["result"]["by"] == {"kind": "link", "id": None, "name": address}


async def test_steps_called_by_themselves_act_on_the_ledger_and_leave_once_for_each_item(
    caller: Caller, listener: Listener
) -> None:
    endpoint = listener.endpoint(usual=200)
    made = {"action": "create_client", "input": {"name": "{{ item }}"}}
    said = {"action": "post_chat_message", "input": {"url": endpoint.url, "text": "welcome, {{ item }}"}}
    only = {"branches": [{"where": "{{ item }}", "op": "ne", "value": "Bob", "steps": [said]}]}
    sent = {"items": ["Ann", "Bob", "Cid"], "steps": [made, {"action": "branch", "input": only}]}
    answer = await caller.made_of("/v1/actions/for_each", sent)
    assert answer == {"count": 3, "failed": [], "outputs": [{"branch": 0}, {"branch": None}, {"branch": 0}]}
    assert {one["name"] for one in await caller.items("/v1/clients")} == {"Ann", "Bob", "Cid"}
    assert sorted(one.body["text"] for one in endpoint.received) == ["welcome, Ann", "welcome, Cid"]
