"""The story of a post from anywhere: it fires its trigger, and an automation posts to the chat through a connection."""

from __future__ import annotations

from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Listener


async def test_what_any_sender_posts_reaches_the_chat_through_a_connection(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint(usual=200)
    channel = await caller.made_of("/v1/channels", {"kind": "hook", "name": "Web shop"})
    chat = await caller.made_of("/v1/connections", {"name": "Our chat", "kind": "chat", "url": endpoint.url})
    step = {
        "action": "post_chat_message",
        "connection_id": chat["id"],
        "input": {"text": "{{ trigger.data.channel.name }}: {{ trigger.data.body.order }}"},
    }
    await caller.made_of(
        "/v1/automations",
        {"name": "Orders to chat", "enabled": True, "trigger": {"key": "webhook.received"}, "steps": [step]},
    )
    posted = await caller.anonymous("POST", channel["url"], json={"order": "9001"})
    assert posted.status == 200, posted.text
    await eventually(lambda: endpoint.received)
    assert [one.body for one in endpoint.received] == [{"text": "Web shop: 9001"}]
    journey = await caller.get(f"/v1/journey/{posted.json['event_id']}")
    assert endpoint.url not in journey.text
