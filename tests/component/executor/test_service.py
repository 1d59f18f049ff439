"""The executor as a program of its own over RabbitMQ, and what it refuses."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from chassis.health import problems_of
from contracts.primitives.ids import new_id
from contracts.resources.delivery import from_row as present
from contracts.wire.envelope import Envelope
from contracts.wire.topology import EXECUTOR_JOBS, QUEUES
from messaging.port import Outgoing
from messaging.rabbitmq import connect
from outbox.pipeline import NEWER_CODE_MAX
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.servers import free_port


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def test_over_rabbitmq_it_is_ready_delivers_and_ends_with_its_work_done(
    executor: ExecutorHarness, receiver: Receiver, amqp_url: str
) -> None:
    hook = await executor.make_hook(receiver.url())
    go, port = asyncio.Event(), free_port()
    receiver.always["/hook"] = Reply(after=go)
    environment = os.environ | {
        "LEDGERWIRE_POSTGRES_DSN": executor.dsn,
        "LEDGERWIRE_AMQP_URL": amqp_url,
        "LEDGERWIRE_SECRET_KEYS": executor.key,
        "LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8",
        "LEDGERWIRE_HEALTH_PORT": str(port),
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "action_executor", env=environment)
    bus = await connect(amqp_url, queues=QUEUES, name="test")
    try:
        await eventually(lambda: _is_ready(port), deadline_seconds=30)
        jobs = [executor.job(hook) for _ in range(10)]
        assert all(await bus.publish([Outgoing(job.id, EXECUTOR_JOBS.name, job.encode()) for job in jobs]))
        await eventually(lambda: len(receiver.received) >= 5)  # a burst at the usual rate; the rest follows
        worker.send_signal(signal.SIGTERM)
        go.set()
        assert await asyncio.wait_for(worker.wait(), 20) == 0
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
        await bus.close()
    states = await executor.owner.fetch("SELECT state, count(*) FROM execution.delivery GROUP BY 1")
    counted = {row["state"]: row["count"] for row in states}
    assert counted["succeeded"] == len(receiver.received) >= 5
    assert counted["succeeded"] + counted.get("pending", 0) == 10


async def _is_ready(port: int) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False


async def test_what_is_no_job_is_parked_with_its_reason(executor: ExecutorHarness) -> None:
    account, request = executor.account_id, new_id()
    strange = Envelope(
        name="dance", account_id=account, correlation_id=request, at=datetime.now(tz=UTC) - 2 * NEWER_CODE_MAX
    )
    broken = Envelope(name="deliver", account_id=account, correlation_id=request, data={"hook_id": "x"})
    async with executor.running() as running:
        assert await problems_of(running) == {}
        await executor.publish(strange, broken)
        await eventually(lambda: executor.owner.fetchval("SELECT count(*) = 2 FROM execution.dead_letter"))
    reasons = await executor.owner.fetch("SELECT reason FROM execution.dead_letter ORDER BY reason")
    assert [row["reason"].partition(":")[0] for row in reasons] == ["dance is no job of the executor", "deliver"]


async def test_a_delivery_is_shown_with_its_attempts_and_its_way(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(503, body=b"busy"))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
    await executor.owner.execute("SET ROLE ledgerwire_ingress")
    row = await executor.owner.fetchrow("SELECT * FROM execution_api.delivery WHERE account_id = $1", job.account_id)
    attempts = await executor.owner.fetch("SELECT * FROM execution_api.attempt WHERE delivery_id = $1", job.id)
    entries = await executor.owner.fetch(
        "SELECT step, subject_id, cause_id FROM execution_api.journey_entry"
        " WHERE account_id = $1 AND correlation_id = $2 ORDER BY at",
        job.account_id, job.correlation_id,
    )  # fmt: skip
    await executor.owner.execute("RESET ROLE")
    assert row is not None
    shown = present(row, attempts)
    assert (shown["id"], shown["state"], shown["attempt_count"]) == (str(job.id), "succeeded", 2)
    assert [(one["status_code"], one["response"]) for one in shown["attempts"]] == [(503, "busy"), (204, "")]
    assert [entry["step"] for entry in entries] == ["delivery_accepted", "delivery_attempt_failed", "delivered"]
    assert {(entry["subject_id"], str(entry["cause_id"])) for entry in entries} == {(job.id, job.data["event_id"])}


async def test_a_hook_whose_secret_cannot_be_opened_is_not_blamed(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    await executor.owner.execute("UPDATE dispatch.hook SET secret = 'lwseal1.0badcafe.xyz'")
    job = executor.job(hook)
    async with executor.running(hook_schedule_seconds="0,600"):
        await executor.publish(job)
        row = await executor.awaits_retry(job.id)
    assert "needs key 0badcafe" in row["error"]
    assert await executor.owner.fetchval("SELECT failures FROM execution.delivery_queue") == 0
    assert receiver.received == []
