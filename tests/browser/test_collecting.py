"""Collectors in the console: steps are moved and taken out, and each saved change is a version."""

from __future__ import annotations

from tests.support.browser import Person
from tests.support.caller import Caller

WORDS = {"subject": "{{ invoice.number }} is open", "body": "Dear {{ client.contact }}, pay {{ amount }}."}


async def test_steps_change_their_order_and_a_change_makes_a_version(anna: Person, account: Caller) -> None:
    mail = {"channel": "email", "anchor": "after_due", "delay": "P1D", "automatic": False, "template": WORDS}
    call = {"channel": "call", "anchor": "after_due", "delay": "P2D", "automatic": False}
    made = await account.made_of("/v1/collectors", {"name": "Strict", "steps": [mail, call]})
    await anna.open(f"/collectors/{made['id']}/edit")
    await anna.page.get_by_role("button", name="Move step 2 up").click()
    await anna.page.get_by_role("button", name="Remove step 2").click()
    await anna.page.locator("main button.main").click()
    await anna.sees("version 2")
    await anna.sees("version 1")
    now = await account.read(f"/v1/collectors/{made['id']}")
    assert [one["channel"] for one in now["steps"]] == ["call"]
