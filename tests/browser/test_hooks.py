"""Hooks: made with a secret that is shown once, tried, given a new one, repaired, turned off and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.browser import Person
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, listening

pytestmark = pytest.mark.long


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with listening() as listener:
        yield listener.endpoint()


async def a_hook(account: Caller, endpoint: Endpoint) -> dict[str, Any]:
    return await account.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["client.created"]})


async def ended(account: Caller, hook: dict[str, Any], state: str) -> dict[str, Any]:
    """The hook's delivery, once it is in a state."""

    async def there() -> dict[str, Any] | None:
        found = await account.items(f"/v1/deliveries?hook_id={hook['id']}")
        return next((one for one in found if one["state"] == state), None)

    return dict(await eventually(there) or {})


async def test_a_hook_is_made_and_its_secret_verifies_what_arrives(
    anna: Person, account: Caller, endpoint: Endpoint
) -> None:
    await anna.open("/hooks")
    await anna.sees("No hook yet.")
    await anna.press("New hook")
    await anna.fill(target_url=endpoint.url, name="Our warehouse")
    await anna.submit()
    assert await anna.page.inner_text("#e-triggers"), "the fault is at its field"
    assert await anna.page.input_value("[name=target_url]") == endpoint.url, "nothing typed is lost"
    await anna.page.check("[name=triggers][value='client.created']")
    await anna.submit()
    secret = (await anna.page.inner_text("#secret-1")).strip()
    for language in ("Python", "JavaScript", "PHP", "Shell"):
        await anna.page.get_by_role("heading", name=language).wait_for()
    await account.client(name="Ozola Design SIA")
    [received] = await endpoint.receives(1)
    assert received.is_signed_with(secret)
    await anna.press("Open the hook")
    assert secret not in await anna.page.content(), "the secret is shown once"


async def test_a_hook_is_tried_and_its_delivery_is_looked_at_and_sent_again(
    anna: Person, account: Caller, endpoint: Endpoint
) -> None:
    hook = await a_hook(account, endpoint)
    await anna.open(f"/hooks/{hook['id']}")
    await anna.press("Send a test")
    await anna.sees("A test event is on its way.")
    [first] = await endpoint.receives(1)
    delivery = await ended(account, hook, "succeeded")
    await anna.open(f"/deliveries/{delivery['id']}")
    await anna.page.locator("main ol.line li", has_text="204").wait_for()
    await anna.press("Deliver again")
    _, second = await endpoint.receives(2)
    assert second.event_id == first.event_id, "the receiver recognises it"
    await anna.press("Journey")
    await anna.page.get_by_role("heading", name="Journey").or_(anna.page.locator("main h1")).first.wait_for()


async def test_a_delivery_shows_the_event_that_was_sent(anna: Person, account: Caller, endpoint: Endpoint) -> None:
    hook = await a_hook(account, endpoint)
    await account.client(name="Ozola Design SIA")
    delivery = await ended(account, hook, "succeeded")
    await anna.open(f"/deliveries/{delivery['id']}")
    await anna.page.locator("summary", has_text="What was sent").click()
    await anna.page.locator("main pre", has_text="Ozola Design SIA").wait_for()


async def test_a_new_secret_is_made_after_a_question_and_signs_beside_the_old_one(
    anna: Person, account: Caller, endpoint: Endpoint
) -> None:
    hook = await a_hook(account, endpoint)
    asked: list[str] = []
    anna.page.on("dialog", lambda dialog: asked.append(dialog.message))
    anna.say_yes()
    await anna.open(f"/hooks/{hook['id']}")
    await anna.press("New secret")
    secret = (await anna.page.inner_text("#secret-1")).strip()
    assert asked == ["Make a new secret? The old one signs for a while longer."]
    assert secret != hook["secret"]
    await account.client()
    [received] = await endpoint.receives(1)
    assert received.is_signed_with(secret)
    assert received.is_signed_with(hook["secret"]), "a receiver that has the old one goes on"


async def test_what_failed_while_the_receiver_was_down_is_counted_and_delivered_again(
    anna: Person, account: Caller, endpoint: Endpoint
) -> None:
    hook = await a_hook(account, endpoint)
    endpoint.usual = 500
    await account.client(name="Missed")
    await ended(account, hook, "failed")
    endpoint.usual = 204
    await anna.open("")
    await anna.press("Failed deliveries")
    await anna.page.locator("table.list a").first.click()
    await anna.arrive()
    assert await anna.page.locator("main ol.line li", has_text="500").count() >= 1
    await anna.press("Open the hook")
    await anna.page.fill("[name=since]", "2026-01-01")
    await anna.press("Count first")
    await anna.sees("1 event failed since then.")
    before = len(endpoint.received)
    await anna.press("Deliver them again")
    await anna.sees("1 event is delivered again.")
    await endpoint.receives(before + 1)


async def test_a_hook_is_changed_turned_off_and_deleted_and_receives_nothing_more(
    anna: Person, account: Caller, endpoint: Endpoint
) -> None:
    anna.say_yes()
    hook = await a_hook(account, endpoint)
    await anna.open(f"/hooks/{hook['id']}")
    await anna.press("Change")
    await anna.fill(name="Archive", target_url="ftp://files.example/in")
    await anna.submit()
    assert await anna.page.locator("[name=target_url]").get_attribute("aria-invalid") == "true"
    assert await anna.page.input_value("[name=name]") == "Archive", "nothing typed is lost"
    await anna.fill(target_url=endpoint.url)
    await anna.submit()
    await anna.page.get_by_role("heading", name="Archive").wait_for()
    await anna.press("Turn off")
    await anna.sees("Off")
    await account.client()
    await anna.press("Turn on")
    await account.client(name="Received")
    assert [one.body["data"]["name"] for one in await endpoint.receives(1)] == ["Received"]
    await anna.press("Delete")
    await anna.sees("No hook yet.")
    assert await account.items("/v1/hooks") == []
