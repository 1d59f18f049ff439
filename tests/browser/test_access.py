"""What gets in and out: the key pair, tokens, channels, applications by OAuth, and credentials towards others."""

from __future__ import annotations

import orjson
import pytest

from tests.support import oauth
from tests.support.api_installation import House
from tests.support.browser import Person
from tests.support.caller import Caller, a_sale_xml
from tests.support.consent import allowed, asking
from tests.support.eventually import eventually
from tests.support.listener import listening

pytestmark = pytest.mark.long


async def test_a_key_pair_is_made_anew_and_deleted_and_each_old_one_ends_at_once(anna: Person, account: Caller) -> None:
    async def status(key: str, token: str) -> int:
        return (await account.anonymous("GET", "/v1/me", headers={"APIKey": key, "APIToken": token})).status

    anna.say_yes()
    await anna.open("/api-access")
    pairs = []
    for _ in range(2):
        await anna.page.get_by_role("button", name="pair").click()
        await anna.arrive()
        pairs.append([await anna.page.inner_text(where) for where in ("#api-key", "#api-token")])
    assert [await status(*pair) for pair in pairs] == [401, 200]
    await anna.open("/api-access")
    await anna.press("Delete")
    await anna.sees("There is no key pair.")
    assert await status(*pairs[1]) == 401


async def test_a_token_is_made_for_an_application_shown_once_and_deleted(anna: Person, account: Caller) -> None:
    anna.say_yes()
    await anna.open("/tokens")
    await anna.press("Create access token")
    for scope in ("write", "automate"):
        await anna.page.uncheck(f"[name=scopes][value={scope}]")
    await anna.fill(name="x" * 500)
    await anna.submit()
    assert await anna.page.locator("[name=name]").get_attribute("aria-invalid") == "true"
    assert not await anna.page.locator("[name=scopes][value=write]").is_checked(), "nothing chosen is lost"
    await anna.fill(name="Reader")
    await anna.submit()
    token = (await anna.page.inner_text("#secret-1")).strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert (await account.anonymous("GET", "/v1/clients", headers=headers)).status == 200
    refused = await account.anonymous("POST", "/v1/clients", headers=headers, json={"name": "No"})
    assert refused.status == 403, "it reads only"
    await anna.press("Done")
    row = anna.page.locator("tr", has_text="Reader")
    assert token not in await anna.page.content()
    await row.get_by_role("button", name="Delete").click()
    await anna.sees("Deleted.")
    assert (await account.anonymous("GET", "/v1/clients", headers=headers)).status == 401


async def test_a_direct_channel_is_activated_tried_by_a_sample_and_given_to_a_supplier(
    anna: Person, account: Caller
) -> None:
    await anna.open("/channels")
    await anna.sees("No channel yet.")
    await anna.fill(name="Supplier portal")
    await anna.press("Activate")
    await anna.sees("The channel is active.")
    url = (await anna.page.inner_text("#url-1")).strip()
    assert "/ext/direct/inbox/" in url
    await anna.press("Send a sample")
    await anna.sees("The sample has arrived.")
    await anna.page.get_by_role("heading", name="Sample sender").wait_for()
    assert (await account.push({"url": url}, a_sale_xml("A-1"))).status == 200
    await anna.open("/channels")
    await anna.press("Last message")
    await anna.page.get_by_role("heading", name="One Man Shop").wait_for()


async def test_an_address_that_leaked_is_rotated_and_a_channel_disabled(anna: Person, account: Caller) -> None:
    anna.say_yes()
    channel = await account.channel()
    await anna.open("/channels")
    await anna.press("Rotate the address")
    await anna.sees("The channel has a new address; the old one ended.")
    fresh = {"url": (await anna.page.inner_text("#url-1")).strip()}
    assert (await account.push(channel, a_sale_xml("A-1"))).status == 404
    assert (await account.push(fresh, a_sale_xml("A-1"))).status == 200
    await anna.press("Disable")
    await anna.sees("Disabled.")
    assert (await account.push(fresh, a_sale_xml("A-2"))).status == 404


async def test_an_application_asks_in_the_persons_words_and_is_refused_let_in_and_disconnected(
    anna: Person, account: Caller, house: House
) -> None:
    page = anna.page
    anna.say_yes()
    async with asking(house, page, "Book keeper") as app:
        await page.goto(app.url)
        text = await anna.text()
        assert "Book keeper" in text
        await page.locator("button[value=deny]").click()
        refused = await app.came_back(1)
        assert "error=access_denied" in refused
        assert await account.items("/v1/applications") == [], "without consent it has nothing"
        bearer = await allowed(app)
    assert (await oauth.send(house, bearer, "GET", "/v1/clients")).status == 200
    await anna.open("")
    await page.click("details.account summary")
    await anna.page.locator(".sheet").get_by_role("link", name="Connected applications").click()
    await anna.arrive()
    await page.locator("main").get_by_text("Book keeper").wait_for()
    await anna.press("Disconnect")
    await anna.sees("No application is connected.")
    assert (await oauth.send(house, bearer, "GET", "/v1/clients")).status == 401


async def test_a_connection_keeps_its_credential_for_automations_and_is_deleted(anna: Person, account: Caller) -> None:
    anna.say_yes()
    async with listening() as listener:
        endpoint = listener.endpoint(usual=200)
        await anna.open("/connections")
        await anna.press("New connection")
        await anna.page.select_option("[name=kind]", "http")
        await anna.fill(name="Warehouse", url="ftp://files.example", header_name="X-Key", header_value="s3cret-words")
        await anna.submit()
        assert await anna.page.locator("[name=url]").get_attribute("aria-invalid") == "true"
        assert await anna.page.input_value("[name=name]") == "Warehouse", "nothing typed is lost"
        await anna.fill(url=endpoint.url, header_value="s3cret-words")
        await anna.submit()
        await anna.sees("Created.")
        assert "s3cret-words" not in await anna.page.content()
        [connection] = await account.items("/v1/connections")
        step = {"action": "http_request", "connection_id": connection["id"], "input": {"body": {"a": 1}}}
        given = {"name": "Tell", "enabled": True, "trigger": {"key": "client.created"}, "steps": [step]}
        made = await account.made_of("/v1/automations", given)
        await account.client()
        [received] = await endpoint.receives(1)
        assert received.headers["x-key"] == "s3cret-words"
        assert (await account.delete(f"/v1/automations/{made['id']}")).status < 300
        await anna.press("Delete")
        await anna.sees("No connection yet.")


async def test_a_channel_for_any_event_starts_an_automation(anna: Person, account: Caller) -> None:
    await anna.open("/channels")
    await anna.page.select_option("[name=kind]", "hook")
    await anna.press("Activate")
    url = (await anna.page.inner_text("#url-1")).strip()
    step = {"action": "create_client", "input": {"name": "{{ trigger.data.body.name }}"}}
    given = {"name": "From a form", "enabled": True, "trigger": {"key": "webhook.received"}, "steps": [step]}
    await account.made_of("/v1/automations", given)
    sent = await account.anonymous("POST", url, data=orjson.dumps({"name": "From a form"}),
                                   headers={"Content-Type": "application/json"})  # fmt: skip
    assert sent.status == 200, sent.text

    async def made() -> bool:
        return any(one["name"] == "From a form" for one in await account.items("/v1/clients"))

    await eventually(made)
