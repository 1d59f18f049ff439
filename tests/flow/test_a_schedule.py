"""An automation starts by the clock, and its run is there like any other."""

from __future__ import annotations

import pytest

from tests.flow.test_an_automation import run_of
from tests.support.caller import Caller
from tests.support.listener import Listener


@pytest.mark.long
async def test_a_schedule_posts_to_the_chat_at_its_minute(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint(usual=200)
    text = "{{ trigger.data.cron }} {{ trigger.data.time_zone }}"
    automation = await caller.made_of(
        "/v1/automations",
        {
            "name": "Each minute",
            "enabled": True,
            "trigger": {"key": "schedule", "cron": "* * * * *", "time_zone": "Europe/Riga"},
            "steps": [{"action": "post_chat_message", "input": {"url": endpoint.url, "text": text}}],
        },
    )
    await endpoint.receives(1, deadline_seconds=90)
    run = await run_of(caller, automation, "succeeded")
    assert run["trigger_key"] == "schedule"
    assert endpoint.received[0].body["text"] == "* * * * * Europe/Riga"
    assert (await caller.post(f"/v1/automations/{automation['id']}/disable")).status == 200
