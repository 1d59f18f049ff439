"""`ETag`, `If-Match` and `If-None-Match`: no caller overwrites what it has not seen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.component.api.test_automations import an_automation
from tests.component.api.test_hooks import a_hook
from tests.support.caller import Answer, Caller, a_document, an_invoice

NONSENSE = {"If-Match": '"nonsense"'}


async def the_objects(caller: Caller) -> list[tuple[str, dict[str, Any]]]:
    """One object of each kind: its path and how it is changed."""
    client = await caller.client()
    draft = await caller.made_of("/v1/sales", an_invoice(client["id"], issue=False))
    message = await caller.made_of("/v1/inbox/purchases", a_document())
    hook = await caller.made_of("/v1/hooks", a_hook())
    automation = await caller.made_of("/v1/automations", an_automation())
    channel = await caller.channel()
    product = await caller.made_of("/v1/products", {"code": "P", "name": "Paper"})
    payment = await caller.made_of("/v1/payments", {"client_id": client["id"], "amount": "1.00", "currency": "EUR"})
    chat = {"name": "Chat", "kind": "chat", "url": "https://127.0.0.1/in"}
    connection = await caller.made_of("/v1/connections", chat)
    token = await caller.made_of("/v1/tokens", {"name": "T"})
    return [
        (f"/v1/clients/{client['id']}", {"method": "PATCH", "json": {"comment": "New"}}),
        (f"/v1/products/{product['id']}", {"method": "PATCH", "json": {"name": "Card"}}),
        (f"/v1/sales/{draft['id']}", {"method": "PATCH", "json": {"comment": "New"}}),
        (f"/v1/sales/{draft['id']}", {"method": "POST", "verb": "/issue"}),
        (f"/v1/payments/{payment['id']}", {"method": "POST", "verb": "/reverse", "json": {}}),
        (f"/v1/inbox/purchases/{message['id']}", {"method": "POST", "verb": "/reject", "json": {}}),
        (f"/v1/hooks/{hook['id']}", {"method": "PATCH", "json": {"name": "Mine"}}),
        (f"/v1/automations/{automation['id']}", {"method": "POST", "verb": "/enable"}),
        (f"/v1/channels/{channel['id']}", {"method": "POST", "verb": "/rotate"}),
        (f"/v1/connections/{connection['id']}", {"method": "DELETE"}),
        (f"/v1/tokens/{token['id']}", {"method": "DELETE"}),
    ]


async def change(caller: Caller, path: str, how: dict[str, Any], if_match: str) -> Answer:
    options = {"json": how["json"]} if "json" in how else {}
    return await caller.send(how["method"], path + how.get("verb", ""), headers={"If-Match": if_match}, **options)


async def test_an_object_changes_only_in_the_state_that_its_caller_knows(caller: Caller) -> None:
    for path, how in await the_objects(caller):
        before = await caller.get(path)
        for wrong in ('"nonsense"', "nonsense", f"W/{before.headers['ETag']}", '"' + "0" * 32 + '"'):
            refused = await change(caller, path, how, wrong)
            assert (refused.status, refused.json["code"]) == (412, "precondition_failed"), (path, how, wrong)
        now = await caller.get(path)
        assert now.headers["ETag"] == before.headers["ETag"], path
        done = await change(caller, path, how, f'"other", {now.headers["ETag"]}')
        assert done.status == 200, (path, done.text)


async def test_an_answer_carries_the_tag_of_the_object_as_it_now_stands(caller: Caller) -> None:
    made = await caller.post("/v1/clients", {"name": "Ozola Design SIA"})
    path = made.headers["Location"]
    assert made.headers["ETag"] == (await caller.get(path)).headers["ETag"]
    patched = await caller.patch(path, {"comment": "New"})
    assert patched.headers["ETag"] == (await caller.get(path)).headers["ETag"] != made.headers["ETag"]
    hook = await caller.post("/v1/hooks", a_hook())
    assert hook.headers["ETag"] == (await caller.get(f"/v1/hooks/{hook.json['id']}")).headers["ETag"]


async def test_a_star_asks_only_that_the_object_is_there(caller: Caller) -> None:
    client = await caller.client()
    star = {"If-Match": "*"}
    assert (
        await caller.send("PATCH", f"/v1/clients/{client['id']}", json={"comment": "x"}, headers=star)
    ).status == 200
    missing = f"/v1/clients/{client['id'][:-4]}0000"
    assert (await caller.send("PATCH", missing, json={"comment": "x"}, headers=star)).status == 404
    assert (await caller.send("PATCH", missing, json={"comment": "x"}, headers=NONSENSE)).status == 404


async def test_of_many_changes_of_one_state_one_is_made(caller: Caller) -> None:
    client = await caller.client()
    path = f"/v1/clients/{client['id']}"
    tag = {"If-Match": (await caller.get(path)).headers["ETag"]}
    answers = await asyncio.gather(
        *(caller.send("PATCH", path, json={"comment": f"Mine {number}"}, headers=tag) for number in range(12))
    )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 11
    (done,) = [answer.json for answer in answers if answer.status == 200]
    assert (await caller.read(path))["comment"] == done["comment"]


async def test_a_retry_of_a_conditional_change_gets_its_first_answer(caller: Caller) -> None:
    client = await caller.client()
    path = f"/v1/clients/{client['id']}"
    headers = {"If-Match": (await caller.get(path)).headers["ETag"], "Idempotency-Key": "once"}
    first, again = [await caller.send("PATCH", path, json={"comment": "x"}, headers=headers) for _ in range(2)]
    assert (first.status, again.status, again.json) == (200, 200, first.json)


@pytest.mark.parametrize("reported", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
async def test_what_a_caller_has_already_is_not_sent_again(caller: Caller, reported: str) -> None:
    client = await caller.client()
    path = f"/v1/clients/{client['id']}"
    tag = (await caller.get(path)).headers["ETag"]
    answer = await caller.get(path, headers={"If-None-Match": reported.format(tag=tag)})
    assert (answer.status, answer.raw, answer.headers["ETag"]) == (304, b"", tag)
    await caller.patch(path, {"comment": "New"})
    assert (await caller.get(path, headers={"If-None-Match": tag})).status == 200
