"""Automations from the first click to a run: pick, fill by picking, test, publish, try on the past, follow, decide."""

from __future__ import annotations

import pytest

from tests.support.browser import Person
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, listening

pytestmark = pytest.mark.long


def posting(endpoint: Endpoint) -> dict[str, object]:
    body = {"number": "{{ trigger.data.number }}"}
    return {
        "name": "Tell the warehouse", "enabled": True, "trigger": {"key": "sale.posted"},
        "steps": [{"action": "http_request", "input": {"url": endpoint.url, "body": body}}],
    }  # fmt: skip


async def ended(account: Caller, automation: str, state: str) -> str:
    async def found() -> str | None:
        runs = await account.items(f"/v1/runs?automation_id={automation}")
        return next((run["id"] for run in runs if run["state"] == state), None)

    return str(await eventually(found))


async def test_an_automation_is_built_by_search_and_picking_tested_and_turned_on(anna: Person, account: Caller) -> None:
    page = anna.page
    await anna.open("/automations/new")
    await anna.fill(name="Note for each client")
    await page.get_by_role("searchbox", name="Search for an event").fill("new client")
    await page.locator("#find-event-list button:visible").first.click()
    await anna.press("Test trigger")
    await anna.sees("Newest events, or the sample")
    await page.get_by_role("searchbox", name="Search for an action").fill("note")
    await page.locator('button[value="add:add_note"]').click()
    step = page.locator("[data-step]")
    await step.get_by_label("Body").fill("Welcome ")
    await step.get_by_text("Insert a field").click()
    await step.locator('[data-insert="{{ trigger.data.name }}"]').click()
    assert await step.get_by_label("Body").input_value() == "Welcome {{ trigger.data.name }}"
    await page.locator('[name="steps[0].input.client_id"]').fill("{{ trigger.data.id }}")
    await anna.press("Test action")
    await anna.sees("What it would do")
    assert (await account.items("/v1/notes")) == [], "a test changes nothing"
    await anna.press("Publish and turn on")
    await anna.sees("It is on")
    client = await account.client(name="Ozola Design")

    async def noted() -> bool:
        return any(one["body"] == "Welcome Ozola Design" for one in await account.items("/v1/notes"))

    await eventually(noted)
    assert client["id"]


async def test_a_step_is_really_done_only_after_it_was_asked_for(anna: Person, account: Caller) -> None:
    async with listening() as listener:
        endpoint = listener.endpoint(usual=200)
        made = await account.made_of("/v1/automations", posting(endpoint))
        anna.say_yes()
        await anna.open(f"/automations/{made['id']}/edit")
        await anna.press("Test action")
        await anna.sees("What it would do")
        assert endpoint.received == []
        await anna.press("Do it really")
        await anna.sees("What it did")
        assert len(await endpoint.receives(1)) == 1


async def test_what_is_wrong_stands_at_the_row_of_the_filter_and_nothing_typed_is_lost(anna: Person) -> None:
    page = anna.page
    await anna.open("/automations/new?trigger=sale.posted")
    await page.locator('button[value="add:filter"]').click()
    await page.locator('[name="steps[0].rule[0][0].where"]').fill("{{ trigger.data.total")
    await anna.press("And")
    await page.locator('[name="steps[0].rule[0][1].value"]').fill("EUR")
    await anna.press("Or")
    assert await page.locator(".rule").count() == 3
    await anna.press("Save")
    assert await page.locator("main .wrong").count() > 0
    assert await page.input_value('[name="steps[0].rule[0][0].where"]') == "{{ trigger.data.total"
    assert await page.input_value('[name="steps[0].rule[0][1].value"]') == "EUR"


async def test_a_draft_is_compared_backtested_and_published(anna: Person, account: Caller) -> None:
    async with listening() as listener:
        made = await account.made_of("/v1/automations", posting(listener.endpoint(usual=200)))
        await account.sale((await account.client())["id"])
        await ended(account, made["id"], "succeeded")
        await anna.open(f"/automations/{made['id']}/edit")
        await anna.fill(name="Tell the shop")
        await anna.page.locator('[name="steps[0].input.body"]').fill('{"sum": "{{ trigger.data.total }}"}')
        await anna.press("Keep as a draft")
        await anna.sees("Draft that is not published yet")
        await anna.sees("Tell the shop")
        await anna.open(f"/automations/{made['id']}/backtest?days=7")
        await anna.page.locator("svg.chart rect").first.wait_for(state="attached")
        await anna.page.locator("summary", has_text="As a table").press("Enter")
        rows = await anna.page.get_by_role("region", name="By day").locator("tbody tr").all_inner_texts()
        assert len(rows) == 8, "every day of the last seven, and today"
        assert "0" in rows[0], "a day without events is there too"
        await anna.open(f"/automations/{made['id']}/versions")
        await anna.press("Publish")
        await anna.page.get_by_role("heading", name="Tell the shop").wait_for()
        await anna.open(f"/automations/{made['id']}/versions")
        await anna.sees("Version 2")


async def test_a_dry_run_on_a_past_event_shows_what_would_change_in_the_ledger(anna: Person, account: Caller) -> None:
    given = {"name": "Second client", "trigger": {"key": "client.created"},
             "steps": [{"action": "create_client", "input": {"name": "{{ trigger.data.name }} too"}}]}  # fmt: skip
    made = await account.made_of("/v1/automations", given)
    await account.client(name="Aya")
    await anna.open(f"/automations/{made['id']}/try")
    await anna.press("Start the dry run")
    await anna.sees("What would change in the ledger")
    assert "Aya too" in await anna.text()
    assert [one["name"] for one in await account.items("/v1/clients")] == ["Aya"]


@pytest.mark.parametrize(("button", "state"), [("Approve", "succeeded"), ("Refuse", "cancelled")])
async def test_a_person_decides_on_a_run_that_waits(anna: Person, account: Caller, button: str, state: str) -> None:
    given = {"name": "Ask", "enabled": True, "trigger": {"key": "client.created"},
             "steps": [{"action": "approve", "input": {"message": "Welcome {{ trigger.data.name }}?"}}]}  # fmt: skip
    made = await account.made_of("/v1/automations", given)
    await account.client(name="Aya")
    run = await ended(account, made["id"], "waiting")
    await anna.open(f"/runs/{run}")
    await anna.sees("Welcome Aya?")
    await anna.press(button)
    assert await ended(account, made["id"], state) == run


async def test_a_run_shows_its_waterfall_and_is_replayed_after_its_preview(anna: Person, account: Caller) -> None:
    async with listening() as listener:
        endpoint = listener.endpoint(usual=200)
        made = await account.made_of("/v1/automations", posting(endpoint))
        await account.sale((await account.client())["id"])
        run = await ended(account, made["id"], "succeeded")
        await anna.open(f"/runs/{run}")
        assert await anna.page.locator("table.waterfall svg rect").count() == 1
        assert await anna.page.get_by_role("table", name="Time of each step").get_by_role("row").count() == 2
        await anna.press("Replay from here")
        await anna.sees("What would happen")
        assert len(endpoint.received) == 1, "the preview sends nothing"
        await anna.press("Run it again")
        assert len(await endpoint.receives(2)) == 2


async def test_a_step_is_added_and_removed_while_its_required_fields_are_empty(anna: Person) -> None:
    page = anna.page
    await anna.open("/automations/new?trigger=client.created")
    await page.locator('button[value="add:add_note"]').click()
    await page.locator('[name="steps[0].input.client_id"]:focus').wait_for()
    await page.locator('button[value="remove:0"]').click()
    await page.locator("[data-step]").wait_for(state="detached")
