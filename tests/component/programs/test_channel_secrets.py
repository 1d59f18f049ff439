"""The URL of a channel is a secret of its account's administrators: nothing that is read or sent contains it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chassis.encryption import new_key
from chassis.settings import SettingsError
from contracts.primitives.ids import new_id
from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller, a_document
from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres


@pytest.fixture
async def owner(house: House) -> Caller:
    return await house.account()


async def with_scopes(owner: Caller, *scopes: str) -> Caller:
    made = await owner.made_of("/v1/tokens", {"name": "Some scopes", "scopes": list(scopes)})
    return Caller(owner.session, owner.url, owner.made | {"access_token": made["token"]})


def secret_of(channel: dict[str, Any]) -> str:
    return str(channel["url"].rpartition("/")[2])


async def test_only_an_administrator_is_shown_a_channels_url(owner: Caller) -> None:
    channel = await owner.channel()
    assert channel["url"] == f"{owner.url}/ext/direct/inbox/{secret_of(channel)}"
    assert await owner.read(f"/v1/channels/{channel['id']}") == channel
    assert await owner.items("/v1/channels") == [channel]
    reader = await with_scopes(owner, "read", "write")
    seen = {name: value for name, value in channel.items() if name != "url"}
    assert await reader.read(f"/v1/channels/{channel['id']}") == seen
    assert await reader.items("/v1/channels") == [seen]
    for verb, path in (("POST", "/rotate"), ("DELETE", "")):
        assert (await reader.send(verb, f"/v1/channels/{channel['id']}{path}")).status == 403


async def test_nothing_that_a_reader_sees_holds_a_channels_secret(house: House, owner: Caller) -> None:
    direct, orders, hook = [
        await owner.made_of("/v1/channels", {"kind": kind, "name": "Way in"}) for kind in ("direct", "orders", "hook")
    ]
    pushed = await owner.anonymous("POST", direct["url"], json=a_document())
    ordered = await owner.anonymous("POST", orders["url"], json={"document": an_order()})
    posted = await owner.anonymous("POST", hook["url"], json={"a": 1})
    reader = await with_scopes(owner, "read")

    ids = [pushed.json["message_id"], ordered.json["message_id"], posted.json["event_id"]]
    for key in ("inbox.received", "webhook.received"):
        await eventually(partial(_has_events, reader, key))
    message = await reader.read(f"/v1/inbox/purchases/{ids[0]}")
    assert message["channel"] == {"id": direct["id"], "kind": "direct", "name": "Way in"}
    (event,) = await reader.read("/v1/triggers/webhook.received/events")
    assert event["data"]["channel"] == {"id": hook["id"], "kind": "hook", "name": "Way in"}
    paths = [f"/v1/{kind}/{one}" for kind in ("journey", "operations") for one in ids]
    paths += [f"/v1/triggers/{key}/{kind}" for key in ("inbox.received", "webhook.received") for kind in KINDS]
    paths += ["/v1/inbox/purchases", "/v1/inbox/sales", "/v1/channels"]
    answers = [await reader.get(path) for path in paths]
    assert {answer.status for answer in answers} == {200}
    metrics = await owner.anonymous("GET", f"{house.health_url}/metrics")
    for channel in (direct, orders, hook):
        assert not [answer.text for answer in (*answers, metrics) if secret_of(channel) in answer.text]


KINDS = ("samples", "events")


async def _has_events(reader: Caller, key: str) -> bool:
    return bool(await reader.read(f"/v1/triggers/{key}/events"))


def an_order() -> dict[str, Any]:
    line = {"description": "Paper A4", "quantity": "1", "unit_price": "4.20"}
    return {"document_ref": "O-1", "document_date": "2026-03-01", "client": {"name": "Leo"}, "currency": "EUR",
            "lines": [line]}  # fmt: skip


async def test_a_rotated_channel_keeps_its_id_and_its_rules(owner: Caller) -> None:
    channel = await owner.channel()
    rule = {"box": "purchases", "match": {"channel_id": channel["id"]}}
    await owner.made_of("/v1/inbox/rules", rule)
    rotated = (await owner.post(f"/v1/channels/{channel['id']}/rotate")).json
    assert {**rotated, "url": channel["url"]} == channel
    assert (await owner.anonymous("POST", channel["url"], json=a_document())).status == 404
    pushed = await owner.anonymous("POST", rotated["url"], json=a_document("AFTER"))

    async def accepted() -> bool:
        message = await owner.read(f"/v1/inbox/purchases/{pushed.json['message_id']}")
        return bool(message["state"] == "accepted")

    await eventually(accepted)


async def test_a_rule_names_a_channel_of_its_own_account(house: House, owner: Caller) -> None:
    theirs = await (await house.account("Somebody Else Ltd")).channel()
    for channel_id in (theirs["id"], str(new_id()), secret_of(theirs)):
        refused = await owner.post("/v1/inbox/rules", {"box": "purchases", "match": {"channel_id": channel_id}})
        assert (refused.status, refused.json["code"]) == (404, "not_found")


async def test_a_channels_secret_is_at_rest_only_hashed_and_sealed(house: House, owner: Caller) -> None:
    channel = await owner.channel()
    rows = await house.pool.fetch("SELECT t::text AS told FROM ingress.channel t")
    assert rows
    assert not any(secret_of(channel) in row["told"] for row in rows)
    assert not any(secret_of(channel).encode().hex() in row["told"] for row in rows)


async def test_a_channels_url_outlives_a_change_of_keys(postgres: Postgres) -> None:
    dsn, old, new = await postgres.copy_of(prepare_all), new_key(), new_key()
    async with open_house(dsn, secret_keys=old) as first:
        made = (await first.account()).made
        channel = await Caller(first.session, first.url, made).channel()
    async with open_house(dsn, secret_keys=f"{new},{old}"):
        pass
    async with open_house(dsn, secret_keys=new) as third:
        shown = await Caller(third.session, third.url, made).read(f"/v1/channels/{channel['id']}")
        assert secret_of(shown) == secret_of(channel)
    with pytest.raises(SettingsError, match="does not open the secrets"):
        async with open_house(dsn, secret_keys=old):
            pass
