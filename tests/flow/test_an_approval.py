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
