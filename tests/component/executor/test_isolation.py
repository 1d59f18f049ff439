"""No fault of one account changes what another one gets: bad jobs, hooks and commands beside good ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from contracts.wire.topology import EXECUTOR_JOBS
from messaging.port import Outgoing
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, open_receiver

OTHER = new_id()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def poisons(job: Envelope) -> list[bytes]:
    """Bodies of jobs that cannot be read, kept or understood."""
    body = job.encode()
    return [
        b"",
        b"\xff\xfe not JSON",
        body[: len(body) // 2],
        body.replace(b'"data":{', b'"data":{"x":"\\ud800",'),
        body.replace(b'"data":{', b'"data":{"x":' + b"[" * 300 + b"]" * 300 + b","),
        body.replace(b'"depth":0', b'"depth":99999999999'),
        body.replace(b'"name":"', b'"name":"\\u0000'),
    ]


async def test_jobs_that_cannot_be_handled_leave_the_other_accounts_deliveries(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    bad = await executor.make_hook(receiver.url("/bad"))
    good = await executor.make_hook(receiver.url("/good"), account_id=OTHER)
    bodies = poisons(executor.job(bad))
    jobs = [executor.job(good) for _ in bodies]
    async with executor.running():
        for poison, job in zip(bodies, jobs, strict=True):
            await executor.bus.publish(
                [
                    Outgoing(new_id(), EXECUTOR_JOBS.name, poison),
                    Outgoing(job.id, EXECUTOR_JOBS.name, job.encode()),
                ]
            )
        await eventually(lambda: {one.headers["webhook-id"] for one in receiver.on("/good")} >= {
            job.data["event_id"] for job in jobs
        })  # fmt: skip


async def test_a_hook_whose_secret_cannot_be_decrypted_stops_no_other(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    bad = await executor.make_hook(receiver.url("/bad"))
    good = await executor.make_hook(receiver.url("/good"), account_id=OTHER)
    await executor.owner.execute("UPDATE dispatch.hook SET secret = $2 WHERE id = $1", bad.id, b"damaged")
    job = executor.job(good)
    async with executor.running():
        await executor.publish(executor.job(bad), job)
        await eventually(lambda: any(one.path == "/good" for one in receiver.received))
    assert not [one for one in receiver.received if one.path == "/bad"]
