"""Connections on a real Postgres: kept encrypted, used by the steps that name them, and for nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from action_executor.connections.key_rotation import ensure_encrypted_with_newest_key
from chassis.encryption import Encryptor, new_key
from chassis.settings import SettingsError
from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_CONNECTION, DELETE_CONNECTION
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver

KEY = "Bearer s3cr3t-and-long"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def connect(executor: ExecutorHarness, **fields: Any) -> dict[str, Any]:
    """Ask for a connection as ingress does; answer the outcome."""
    encrypted = executor.encryptor.encrypt(orjson.dumps({"name": "Our chat"} | fields).decode()).decode()
    return await executor.command(CREATE_CONNECTION, {"encrypted": encrypted})


async def connected(executor: ExecutorHarness, **fields: Any) -> str:
    """Make a connection; answer its id."""
    answer = await connect(executor, **fields)
    assert answer["status"] == 201, answer
    return str(answer["body"]["id"])


def step(action: str, connection_id: str, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given, "connection_id": connection_id}


async def run(executor: ExecutorHarness, state: str, *steps: dict[str, Any]) -> list[dict[str, Any]]:
    """Run an automation of these steps to a state; answer the steps' rows."""
    job = executor.run_job(await executor.make_automation(*steps))
    await executor.publish(job)
    await executor.run_becomes(job.id, state)
    return await executor.steps(job.id)


async def test_a_connection_is_answered_without_its_secrets_and_kept_sealed(executor: ExecutorHarness) -> None:
    async with executor.running():
        url = "https://127.0.0.1:8443/v2/T0/XYZZY?key=HUSH"
        answer = await connect(executor, kind="http", url=url, headers={"X-Key": KEY, "Authorization": KEY})
    assert answer["status"] == 201
    shown = answer["body"]
    assert (shown["name"], shown["kind"], shown["origin"]) == ("Our chat", "http", "https://127.0.0.1:8443")
    assert shown["headers"] == ["Authorization", "X-Key"]
    rows = await executor.owner.fetch("SELECT * FROM execution.connection")
    outcomes = await executor.owner.fetch("SELECT body FROM execution.outcome")
    for secret in (KEY, "XYZZY", "HUSH"):
        assert secret not in repr([dict(row) for row in (*rows, *outcomes)])


async def test_a_chat_message_goes_where_the_connection_leads(executor: ExecutorHarness, receiver: Receiver) -> None:
    async with executor.running():
        chat = await connected(executor, kind="chat", url=receiver.url("/services/T0/XYZZY"))
        (done,) = await run(executor, "succeeded", step("post_chat_message", chat, text="{{ trigger.data.number }}"))
    assert [one.json for one in receiver.on("/services/T0/XYZZY")] == [{"text": "A-1"}]
    assert done["input"] == {"text": "A-1"}


async def test_a_request_carries_the_connections_headers_and_nothing_kept_shows_them(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    async with executor.running():
        server = await connected(executor, kind="http", url=receiver.url("/v2/"), headers={"Authorization": KEY})
        mine = {"authorization": "mine", "X-Mine": "yes"}
        steps = await run(
            executor,
            "succeeded",
            step("http_request", server, method="GET"),
            step("http_request", server, url="orders/{{ trigger.data.number }}", headers=mine),
        )
    first, second = receiver.on("/v2/")[0], receiver.on("/v2/orders/A-1")[0]
    sent = [[one.headers[name] for name in one.headers if name.lower() == "authorization"] for one in (first, second)]
    assert sent == [[KEY], [KEY]]
    assert second.headers["X-Mine"] == "yes"
    assert KEY not in repr(steps)


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/x", "http://127.0.0.1:1/x"])
async def test_what_lets_us_in_at_one_server_is_not_sent_to_another(
    executor: ExecutorHarness, receiver: Receiver, url: str
) -> None:
    async with executor.running():
        server = await connected(executor, kind="http", url=receiver.url("/v2/"), headers={"Authorization": KEY})
        (failed,) = await run(executor, "failed", step("http_request", server, url=url))
    assert "on the connection's host" in failed["error"]
    assert receiver.received == []


async def test_a_deleted_connection_is_forgotten_and_its_steps_say_so(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    async with executor.running():
        chat = await connected(executor, kind="chat", url=receiver.url("/in"))
        gone = [await executor.command(DELETE_CONNECTION, {"id": chat}) for _ in range(2)]
        (failed,) = await run(executor, "failed", step("post_chat_message", chat, text="hello"))
        never = await executor.command(DELETE_CONNECTION, {"id": str(new_id())})
        strange = await executor.command(DELETE_CONNECTION, {"id": chat}, account_id=new_id())
    assert [answer["status"] for answer in (*gone, never, strange)] == [200, 200, 404, 404]
    assert "was deleted" in failed["error"]
    assert await executor.owner.fetchval("SELECT encrypted FROM execution.connection") is None
    assert await executor.owner.fetch("SELECT * FROM execution_api.connection") == []


async def test_a_connection_of_another_kind_or_account_is_not_used(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    async with executor.running():
        server = await connected(executor, kind="http", url=receiver.url("/v2/"))
        (other,) = await run(executor, "failed", step("post_chat_message", server, text="hello"))
        await executor.owner.execute("UPDATE execution.connection SET account_id = $1", new_id())
        (strange,) = await run(executor, "failed", step("http_request", server))
    assert "of kind http" in other["error"]
    assert "there is no connection" in strange["error"]
    assert receiver.received == []


async def test_every_fault_of_a_connection_is_listed(executor: ExecutorHarness) -> None:
    async with executor.running():
        headers = {"Host": "x.example", "X-Key": "one", "x-key": "two"}
        answer = await connect(executor, kind="http", url="https://10.0.0.1/", headers=headers)
        chat = await connect(executor, kind="chat", url="https://chat.example/in", headers={"X-Key": "one"})
    assert answer["status"] == chat["status"] == 422
    assert {fault["path"] for fault in answer["body"]["errors"]} == {
        "url",
        "headers.Host",
        "headers.X-Key",
        "headers.x-key",
    }


async def test_a_receiver_that_speaks_no_http_does_not_betray_the_url(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(Reply(404, {}, b"no such hook"), path="/services/XYZZY")
    async with executor.running():
        chat = await connected(executor, kind="chat", url=receiver.url("/services/XYZZY"))
        (failed,) = await run(executor, "failed", step("post_chat_message", chat, text="hello"))
    assert "404" in failed["error"]
    assert "XYZZY" not in repr(failed)


async def test_a_newer_key_seals_connections_again_and_the_old_one_may_go(executor: ExecutorHarness) -> None:
    async with executor.running():
        await connected(executor, kind="chat", url="https://127.0.0.1/in")
    new = new_key()
    with pytest.raises(SettingsError, match="LEDGERWIRE_SECRET_KEYS does not open"):
        await ensure_encrypted_with_newest_key(executor.pool, Encryptor.parse(new), schema="execution")
    await ensure_encrypted_with_newest_key(executor.pool, Encryptor.parse(f"{new},{executor.key}"), schema="execution")
    alone = Encryptor.parse(new)
    await ensure_encrypted_with_newest_key(executor.pool, alone, schema="execution")
    encrypted = await executor.owner.fetchval("SELECT encrypted FROM execution.connection")
    assert orjson.loads(alone.open(encrypted))["url"] == "https://127.0.0.1/in"
