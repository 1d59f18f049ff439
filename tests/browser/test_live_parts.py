"""What changes while one looks: runs, deliveries, imports and events appear and end without a reload of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller, an_invoice
from tests.support.eventually import eventually
from tests.support.listener import listening

pytestmark = pytest.mark.long

LINES: Final = 4_000
KEEP_VALUES: Final = """() => {
  window.values = [];
  const note = () => {
    const bar = document.querySelector("progress");
    if (bar && window.values.at(-1) !== bar.value) window.values.push(bar.value);
  };
  note();
  new MutationObserver(note).observe(document.querySelector("#progress"), {childList: true, subtree: true});
}"""


@asynccontextmanager
async def looking(person: Person, path: str) -> AsyncIterator[None]:
    """A person who opens a page and does not load it again."""
    await person.open(path)
    await person.page.evaluate("window.sameAsBefore = true")
    yield
    assert await person.page.evaluate("window.sameAsBefore === true"), "the page was loaded again"


async def the_one(account: Caller, path: str, *states: str) -> Any:
    """The only entry of a list, once it is in one of the states."""

    async def found() -> dict[str, Any] | None:
        return next((one for one in await account.items(path) if one["state"] in states), None)

    return await eventually(found)


async def test_a_run_appears_in_the_list_and_its_page_shows_the_decision(anna: Person, account: Caller) -> None:
    asking = {
        "name": "Ask first", "enabled": True, "trigger": {"key": "client.created"},
        "steps": [{"action": "approve", "input": {"message": "Greet {{ trigger.data.name }}?"}}],
    }  # fmt: skip
    await account.made_of("/v1/automations", asking)
    async with looking(anna, "/runs"):
        await anna.sees("No run yet")
        await account.client(name="Ozola SIA")
        await anna.page.locator("main td .badge.b-waiting").wait_for()
    run = await the_one(account, "/v1/runs", "waiting")
    async with looking(anna, f"/runs/{run['id']}"):
        await anna.sees("Greet Ozola SIA?")
        await anna.page.click("text=The event")
        approved = await account.post(f"/v1/runs/{run['id']}/approve", {})
        assert approved.status == 200, approved.text
        await anna.page.locator("main h1 .badge.b-succeeded").wait_for()
        assert "Greet Ozola SIA?" not in await anna.page.inner_text("main h1")
        assert await anna.page.locator("details[open] >> text=The event").count() == 1, "what was unfolded stays so"


async def test_a_delivery_appears_in_the_list_and_its_page_shows_each_attempt(anna: Person, account: Caller) -> None:
    async with listening() as listener:
        endpoint = listener.endpoint()
        endpoint.answers.append(503)
        await account.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["client.created"]})
        async with looking(anna, "/deliveries"):
            await anna.sees("No delivery yet")
            await account.client(name="Ozola SIA")
            await anna.page.locator("main td .badge").wait_for()
        [delivery] = await account.items("/v1/deliveries")
        async with looking(anna, f"/deliveries/{delivery['id']}"):
            await anna.page.locator("main ol.line li", has_text="503").wait_for()
            await anna.page.locator("main ol.line li", has_text="204").wait_for()
            await anna.page.locator("main h1 .badge.b-succeeded").wait_for()


async def test_the_progress_of_an_import_moves(anna: Person, account: Caller) -> None:
    rows = "name,email\n" + "".join(f"Client {number},c{number}@shop.example\n" for number in range(LINES))
    headers = {"Content-Type": "text/csv", "Prefer": "respond-async"}
    sent = await account.send("POST", "/v1/imports?kind=clients", data=rows, headers=headers)
    assert sent.status in {200, 201, 202}, sent.text
    async with looking(anna, f"/imports/{sent.json['id']}"):
        await anna.page.evaluate(KEEP_VALUES)
        await anna.page.locator("main .badge.b-done").wait_for(timeout=60_000)
        values = await anna.page.evaluate("window.values")
        assert values[-1] == LINES
        assert len(values) > 1, f"the bar moved: {values}"
        assert values == sorted(values)


async def test_the_newest_events_of_the_home_page_appear(anna: Person, account: Caller) -> None:
    async with looking(anna, ""):
        await anna.sees("Nothing has happened yet.")
        await account.client(name="Ozola SIA")
        await anna.page.locator("main [data-live]", has_text="New client").wait_for()


async def test_a_journey_grows_in_a_language_of_the_reader(browser: Browser, house: House, account: Caller) -> None:
    client = await account.client(name="Ozola SIA")
    sale = await account.made_of("/v1/sales", an_invoice(client["id"], issue=False))
    async with (
        a_person(browser, house, account=account, locale="fr") as marie,
        looking(marie, f"/journey/{sale['id']}"),
    ):
        before = await marie.page.locator("main tbody tr").count()
        issued = await account.post(f"/v1/sales/{sale['id']}/issue", {})
        assert issued.status == 200, issued.text

        async def has_grown() -> bool:
            return await marie.page.locator("main tbody tr").count() > before

        await eventually(has_grown)
        assert marie.complaints == []
