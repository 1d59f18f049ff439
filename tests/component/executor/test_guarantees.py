"""What holds for deliveries whatever happens: crashes, zombies, slow and dead receivers, order, rate, other workers."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from contracts.primitives.ids import derive_id, new_id
from contracts.wire.commands import REDELIVER
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.pace import linger
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.servers import free_port


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def run_out_of_lease(executor: ExecutorHarness) -> None:
    await executor.owner.execute("UPDATE execution.delivery SET leased_until = now() WHERE state = 'in_flight'")


async def in_state(executor: ExecutorHarness, state: str) -> int:
    count: int = await executor.owner.fetchval("SELECT count(*) FROM execution.delivery WHERE state = $1", state)
    return count


async def test_what_a_killed_worker_was_sending_is_sent_again_with_the_same_id_and_bytes(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(hang=True))
    job = executor.job(hook)
    environment = os.environ | {
        "LEDGERWIRE_POSTGRES_DSN": executor.dsn,
        "LEDGERWIRE_SECRET_KEYS": executor.key,
        "LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8",
        "LEDGERWIRE_HEALTH_PORT": str(free_port()),
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "action_executor", env=environment)
    try:
        await executor.publish(job)
        await eventually(lambda: receiver.received, deadline_seconds=30)
    finally:
        worker.kill()
        await worker.wait()
    assert (await executor.delivery(job.id))["state"] == "in_flight"
    assert await executor.attempts(job.id) == []
    await run_out_of_lease(executor)
    async with executor.running():
        await executor.becomes(job.id, "succeeded")
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert [attempt["number"] for attempt in await executor.attempts(job.id)] == [1]


async def test_what_a_zombie_writes_late_is_refused(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    is_retry = asyncio.Event()
    receiver.script(Reply(500, after=is_retry), Reply(200))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await eventually(lambda: receiver.received)
        await run_out_of_lease(executor)
        await executor.becomes(job.id, "succeeded")
        is_retry.set()
        await eventually(lambda: receiver.under_way == 0)
    assert (await executor.delivery(job.id))["state"] == "succeeded"
    assert [attempt["status_code"] for attempt in await executor.attempts(job.id)] == [200]


async def test_a_delivery_that_kills_worker_after_worker_is_given_up(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.always["/hook"] = Reply(hang=True)
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await eventually(lambda: receiver.received)
        await executor.owner.execute("UPDATE execution.delivery SET lost_workers = 19, leased_until = now()")
        row = await executor.becomes(job.id, "failed")
        receiver.close()
    assert row["error"] == "its worker was lost 20 times in a row"


async def test_stopping_gives_back_what_was_not_begun(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    async with executor.running(hook_rate_per_second=5):
        await executor.publish(*[executor.job(hook) for _ in range(10)])
        await eventually(lambda: receiver.received)
    assert await in_state(executor, "in_flight") == 0
    assert await in_state(executor, "pending") + await in_state(executor, "succeeded") == 10
    async with executor.running():
        await eventually(lambda: _all(executor, "succeeded", 10))
    assert len({request.id for request in receiver.received}) == len(receiver.received) == 10


async def _all(executor: ExecutorHarness, state: str, many: int) -> bool:
    return await in_state(executor, state) == many


async def test_results_survive_connections_that_are_cut(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    go = asyncio.Event()
    receiver.always["/hook"] = Reply(after=go)
    jobs = [executor.job(hook) for _ in range(20)]
    async with executor.running():
        await executor.publish(*jobs)
        await eventually(lambda: len(receiver.received) >= 16)
        await executor.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'ledgerwire-action_executor'"
        )
        go.set()
        await eventually(lambda: _all(executor, "succeeded", 20))
    assert len({request.id for request in receiver.received}) == 20


async def test_a_receiver_that_hangs_delays_no_other(executor: ExecutorHarness, receiver: Receiver) -> None:
    hanging = await executor.make_hook(receiver.url("/hanging"))
    well = await executor.make_hook(receiver.url("/well"))
    receiver.always["/hanging"] = Reply(hang=True)
    async with executor.running(attempts_at_once_max=40, drain_seconds=0.5):
        await executor.publish(*[executor.job(hanging) for _ in range(100)])
        await eventually(lambda: receiver.under_way >= 16)
        await executor.publish(*[executor.job(well) for _ in range(30)])
        await eventually(lambda: len(receiver.on("/well")) == 30, deadline_seconds=5)
        assert len(receiver.on("/hanging")) == 16
        receiver.close()


async def test_a_hook_gets_no_more_than_its_rate(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    async with executor.running(hook_rate_per_second=25):
        await executor.publish(*[executor.job(hook) for _ in range(40)])
        await eventually(lambda: len(receiver.received) == 40)
    times = sorted(request.at for request in receiver.received)
    # 5 at once, then an even pace: never more than 30 in a second.
    assert times[-1] - times[0] > (40 - 5 - 1) / 25 - 0.1
    assert max(sum(start <= moment < start + 1 for moment in times) for start in times) <= 31


async def test_a_hooks_own_rate_takes_the_place_of_the_installations(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url(), rate_per_second=4)
    async with executor.running(hook_rate_per_second=1000):
        await executor.publish(*[executor.job(hook) for _ in range(9)])
        await eventually(lambda: len(receiver.received) == 9)
    times = sorted(request.at for request in receiver.received)
    assert times[-1] - times[0] > 8 / 4 - 0.1


async def test_a_hooks_own_concurrency_takes_the_place_of_the_installations(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    narrow, other = [await executor.make_hook(receiver.url(path), concurrency=2) for path in ("/narrow", "/other")]
    receiver.always["/narrow"] = Reply(hang=True)
    async with executor.running(drain_seconds=0.5):
        await executor.publish(*[executor.job(narrow) for _ in range(10)])
        await executor.publish(*[executor.job(other) for _ in range(30)])
        await eventually(lambda: len(receiver.on("/other")) == 30)
        assert len(receiver.on("/narrow")) == 2
        receiver.close()


async def test_two_workers_share_the_work_and_the_rate(executor: ExecutorHarness, receiver: Receiver) -> None:
    hooks = [await executor.make_hook(receiver.url(f"/{number}")) for number in range(5)]
    async with executor.running(), executor.running():
        await executor.publish(*[executor.job(hooks[number % 5]) for number in range(200)])
        await eventually(lambda: _all(executor, "succeeded", 200))
        assert await executor.owner.fetchval("SELECT count(*) FROM execution.worker") == 2
    assert len(receiver.received) == len({request.id for request in receiver.received}) == 200
    assert Counter(request.path for request in receiver.received) == {f"/{number}": 40 for number in range(5)}
    assert await executor.owner.fetchval("SELECT count(*) FROM execution.worker") == 0


async def test_a_receiver_that_keeps_failing_is_left_alone_until_a_probe_succeeds(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.always["/hook"] = Reply(503)
    jobs = [executor.job(hook) for _ in range(60)]
    async with executor.running(hook_schedule_seconds="0,0.01," + ",".join(["0.01"] * 60)):
        await executor.publish(*jobs)
        await eventually(
            lambda: executor.owner.fetchval("SELECT true FROM execution.delivery_queue WHERE open_until > now()")
        )
        calm = len(receiver.received)
        assert calm < 40  # what was under way when it opened, and no storm of 60
        receiver.always["/hook"] = Reply(204)
        answer = await executor.command("redeliver", {"id": str(jobs[0].id)})
        assert answer["status"] == 200
        await eventually(lambda: _all(executor, "succeeded", 60))
    queue = await executor.owner.fetchrow("SELECT failures, failing_since, open_until FROM execution.delivery_queue")
    assert queue is not None
    assert tuple(queue) == (0, None, None)


async def test_a_hook_that_only_failed_for_five_days_is_ended_in_the_dispatcher(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(500, 500)
    job = executor.job(hook)
    async with executor.running(hook_schedule_seconds="0,0.5,600"):
        await executor.publish(job)
        await eventually(lambda: executor.owner.fetchval("SELECT failures = 1 FROM execution.delivery_queue"))
        await executor.owner.execute(
            "UPDATE execution.delivery_queue SET failures = 20, failing_since = now() - interval '5 days 1 minute'"
        )
        assert (await executor.becomes(job.id, "cancelled"))["error"] == "the hook ended: only failures for 5.0 days"
        (command,) = await eventually(lambda: executor.outbox("dispatcher.commands"))
    assert (command.name, command.data["state"]) == ("end_hook", "disabled")


async def test_an_ordered_hook_gets_each_clients_events_one_at_a_time_in_the_order_of_the_ledger(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url(), ordered="client")
    clients = [new_id() for _ in range(3)]
    receiver.script(500, 500, 500)
    jobs = [executor.job(hook, client_id=clients[number % 3], ordered="client") for number in range(15)]
    async with executor.running():
        # They arrive in any order; what counts is when they happened.
        await executor.publish(*sorted(jobs, key=lambda job: derive_id(job.id, "shuffled").int & 0xFFFF))
        await eventually(lambda: _all(executor, "succeeded", 15))
    client_of = {job.data["event_id"]: job.data["client_id"] for job in jobs}
    received = defaultdict(list)
    for request in receiver.received:
        received[client_of[request.id]].append(request.id)
    for ids in received.values():
        assert ids == sorted(ids)
        assert len(set(ids)) == 5
    assert receiver.most_at_once <= 3


async def test_an_ordered_delivery_waits_for_the_one_before_it_which_comes_by_another_way(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook, client = await executor.make_hook(receiver.url(), ordered="client"), new_id()
    first, second, third = (executor.job(hook, client_id=client, ordered="client") for _ in range(3))
    second = second.model_copy(update={"data": second.data | {"after": str(first.id)}})
    third = third.model_copy(update={"data": third.data | {"after": str(second.id)}})
    other = executor.job(hook, client_id=new_id(), ordered="client")
    async with executor.running(), executor.running():
        await executor.publish(third)
        await executor.publish(second)
        await executor.publish(other)  # whom this does not concern
        await executor.becomes(other.id, "succeeded")
        assert await in_state(executor, "pending") == 2
        await executor.publish(first)
        await eventually(lambda: _all(executor, "succeeded", 4))
    expected = [job.data["event_id"] for job in (first, second, third)]
    assert [request.id for request in receiver.received if request.id in expected] == expected


async def test_an_ordered_delivery_waits_for_one_that_never_comes_for_a_bounded_time(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url(), ordered="client")
    job = executor.job(hook, client_id=new_id(), ordered="client", after=new_id())
    other = executor.job(hook, client_id=new_id(), ordered="client")
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "pending")
        await executor.publish(other)  # its lane is claimed after the job is there, and passes over the job
        await executor.becomes(other.id, "succeeded")
        assert (await executor.delivery(job.id))["state"] == "pending"
        await executor.owner.execute(
            "UPDATE execution.delivery SET created_at = now() - interval '11 minutes', due_at = now()"
            " WHERE state = 'pending'"
        )
        await executor.owner.execute("UPDATE execution.delivery_queue SET due_at = now()")
        await executor.becomes(job.id, "succeeded")


async def test_what_is_delivered_again_waits_for_what_its_client_has_under_way(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook, client, go = await executor.make_hook(receiver.url(), ordered="client"), new_id(), asyncio.Event()
    first, second = (executor.job(hook, client_id=client, ordered="client") for _ in range(2))
    async with executor.running():
        await executor.publish(first)
        await executor.becomes(first.id, "succeeded")
        receiver.script(Reply(after=go))
        await executor.publish(second)
        await executor.becomes(second.id, "in_flight")
        await executor.command(REDELIVER, {"id": str(first.id)})
        await executor.becomes(first.id, "pending")
        await linger(0.5)
        assert len(receiver.received) == 2
        go.set()
        await eventually(lambda: _all(executor, "succeeded", 2))
    assert [request.id for request in receiver.received] == [job.data["event_id"] for job in (first, second, first)]
    assert receiver.most_at_once == 1


async def test_a_late_retry_lane_never_holds_up_fresh_deliveries(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    go = asyncio.Event()
    receiver.script(*[500] * 8)
    receiver.always["/hook"] = Reply(after=go)
    old = [executor.job(hook) for _ in range(8)]
    async with executor.running(hook_concurrency=8, hook_schedule_seconds="0,0.01,0.01"):
        await executor.publish(*old)
        await eventually(lambda: receiver.under_way == 2)  # a quarter of the places is the retries'
        fresh = executor.job(hook)
        await executor.publish(fresh)
        await eventually(lambda: fresh.data["event_id"] in {request.id for request in receiver.received})
        go.set()
        await eventually(lambda: _all(executor, "succeeded", 9))


async def test_connections_to_a_receiver_are_used_again(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    async with executor.running(hook_concurrency=1):
        await executor.publish(*[executor.job(hook) for _ in range(20)])
        await eventually(lambda: len(receiver.received) == 20)
    assert len(receiver.connections) <= 2


async def test_what_waits_for_a_hook_that_is_deleted_meanwhile_is_cancelled(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(500)
    job = executor.job(hook)
    async with executor.running(hook_schedule_seconds="0,600"):
        await executor.publish(job)
        await executor.awaits_retry(job.id)
        await executor.owner.execute("UPDATE dispatch.hook SET state = 'removed'")
        assert (await executor.becomes(job.id, "cancelled"))["error"] == "the hook was deleted"


async def test_a_hook_that_becomes_ordered_keeps_what_it_had(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(500, 500, 500)
    before = [executor.job(hook) for _ in range(3)]
    after = [executor.job(hook, client_id=UUID(int=number % 2), ordered="client") for number in range(6)]
    async with executor.running():
        await executor.publish(*before, *after)
        await eventually(lambda: _all(executor, "succeeded", 9))
    ordered = {job.data["event_id"]: job.data["client_id"] for job in after}
    received = [request.id for request in receiver.received if request.id in ordered]
    for client in set(ordered.values()):
        ids = [event for event in received if ordered[event] == client]
        assert ids == sorted(ids)
