"""An event is recorded once and sent once to each subscriber: the dispatcher's events on a real Postgres."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body
from messaging.port import Done, Incoming, Refused
from outbox.pipeline import KEPT_BYTES_MAX
from tests.support.dispatcher import (
    TARGET,
    DispatcherHarness,
    Replica,
    ago,
    body_of,
    id_made,
    subscribers,
)
from trigger_dispatcher.events.handlers import event_handler
from trigger_dispatcher.events.subscription_cache import SubscriptionCache


async def test_a_hook_gets_one_job_with_the_body_that_all_readers_see(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted")
    client_id = new_id()
    deliverable = dispatcher.happened("sale.posted", client_id=client_id, object={"id": "1", "total": "165.01"})
    (job,) = await dispatcher.handle_events(deliverable)
    expected = public_body(event_id=deliverable.id, trigger="sale.posted", timestamp=deliverable.at.isoformat(), data={
        "id": "1", "total": "165.01",
    })  # fmt: skip
    assert job.name == "deliver"
    assert job.data == {
        "hook_id": hook.id,
        "event_id": str(deliverable.id),
        "trigger": "sale.posted",
        "body": expected.decode(),
        "client_id": str(client_id),
        "ordered": None,
        "after": None,
        "test": False,
        "hook_version": 1,
    }
    assert (job.correlation_id, job.causation_id, job.account_id) == (
        deliverable.correlation_id,
        deliverable.id,
        deliverable.account_id,
    )
    (row,) = await dispatcher.rows("SELECT * FROM dispatch_api.event")
    assert row["body"] == expected
    (dispatched,) = await dispatcher.rows("SELECT * FROM dispatch_api.dispatch")
    assert (dispatched["job_id"], str(dispatched["subscriber_id"])) == (job.id, hook.id)


async def test_an_automation_gets_a_run_on_its_published_version(dispatcher: DispatcherHarness) -> None:
    automation = await dispatcher.automate("sale.posted")
    (job,) = await dispatcher.handle_events(dispatcher.happened("sale.posted"))
    assert job.name == "run"
    assert job.data["automation_id"] == automation.id
    assert job.data["version"] == 1
    assert body_of(job)["type"] == "sale.posted"


async def test_an_event_that_arrives_again_notifies_no_subscriber_again(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    deliverable = dispatcher.happened("sale.posted")
    assert len(await dispatcher.handle_events(deliverable, deliverable)) == 1
    assert await dispatcher.handle_events(deliverable) == []
    # Also when the seen mark is gone, as after its partition was dropped.
    await dispatcher.owner.execute("DELETE FROM dispatch.processed_message")
    assert await dispatcher.handle_events(deliverable) == []
    assert await dispatcher.pool.fetchval("SELECT count(*) FROM dispatch.event") == 1


async def test_jobs_and_dispatches_commit_together_or_not_at_all(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    deliverable = dispatcher.happened("sale.posted")
    (job,) = await dispatcher.handle_events(deliverable)
    outbox = await dispatcher.rows("SELECT id, queue FROM dispatch.outbox")
    assert outbox == [{"id": job.id, "queue": "executor.jobs"}]


async def test_only_subscribers_whose_trigger_and_filters_match_are_notified(dispatcher: DispatcherHarness) -> None:
    everything = await dispatcher.subscribe("sale.posted", "client.created")
    invoices = await dispatcher.subscribe("sale.posted", filters={"sale_type": ["sales_invoice", "credit_note"]})
    await dispatcher.subscribe("sale.posted", filters={"sale_type": ["sales_order"]})
    euros = await dispatcher.automate("sale.posted", filters={"currency": ["EUR"], "client.name": ["Ozola"]})
    await dispatcher.subscribe("payment.posted")
    other = await dispatcher.subscribe("sale.posted", account_id=new_id())
    sale = {"sale_type": "sales_invoice", "currency": "EUR", "client": {"name": "Ozola"}}
    jobs = await dispatcher.handle_events(dispatcher.happened("sale.posted", object=sale))
    assert subscribers(jobs) == sorted([everything.id, invoices.id, euros.id])
    assert other.id not in subscribers(jobs)


async def test_a_batch_of_many_accounts_notifies_each_of_its_own(dispatcher: DispatcherHarness) -> None:
    accounts = [new_id() for _ in range(20)]
    hooks = [await dispatcher.subscribe("client.created", account_id=account) for account in accounts]
    deliverable = [dispatcher.happened("client.created", account_id=account) for account in accounts for _ in range(5)]
    deliverable += [dispatcher.happened("client.created", account_id=new_id()) for _ in range(5)]
    jobs = await dispatcher.handle_events(*deliverable)
    assert subscribers(jobs) == sorted(hook.id for hook in hooks for _ in range(5))
    account_of = {str(one.id): one.account_id for one in deliverable}
    assert all(account_of[job.data["event_id"]] == job.account_id for job in jobs)


async def test_another_replica_honours_a_change_in_its_very_next_batch(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted")
    elsewhere = Replica()
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"), replica=elsewhere)) == 1
    await dispatcher.ask(commands.UPDATE_HOOK, {"id": hook.id, "triggers": ["client.created"]})
    assert await dispatcher.handle_events(dispatcher.happened("sale.posted"), replica=elsewhere) == []
    assert len(await dispatcher.handle_events(dispatcher.happened("client.created"), replica=elsewhere)) == 1
    await dispatcher.ask(commands.DELETE_HOOK, {"id": hook.id})
    assert await dispatcher.handle_events(dispatcher.happened("client.created"), replica=elsewhere) == []


async def test_the_memory_of_who_listens_is_bounded_and_still_right(dispatcher: DispatcherHarness) -> None:
    small = Replica(SubscriptionCache(accounts_max=2))
    accounts = [new_id() for _ in range(6)]
    for account in accounts:
        await dispatcher.subscribe("sale.posted", account_id=account)
    for _ in range(2):
        deliverable = [dispatcher.happened("sale.posted", account_id=account) for account in accounts]
        assert len(await dispatcher.handle_events(*deliverable, replica=small)) == 6
        assert len(small.index) == 2


async def test_a_subscriber_made_after_an_event_never_gets_it(dispatcher: DispatcherHarness) -> None:
    # It waited in its queue while a hook subscribed.
    late = dispatcher.happened("sale.posted", request=_request(dispatcher, seconds_ago=2), at=ago(seconds=1))
    await dispatcher.subscribe("sale.posted")
    await dispatcher.automate("sale.posted")
    assert await dispatcher.handle_events(late) == []
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 2


async def test_a_subscriber_gets_requests_sent_after_its_answer_whatever_the_ledgers_clock_says(
    dispatcher: DispatcherHarness,
) -> None:
    await dispatcher.subscribe("sale.posted")
    behind = dispatcher.happened("sale.posted", at=ago(minutes=3))
    assert len(await dispatcher.handle_events(behind)) == 1


async def test_a_subscriber_gets_what_happens_after_it_also_if_an_older_request_caused_it(
    dispatcher: DispatcherHarness,
) -> None:
    request = _request(dispatcher, seconds_ago=600)
    await dispatcher.subscribe("sale.posted")
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted", request=request))) == 1


async def test_an_automation_turned_on_again_leaves_out_what_happened_before(dispatcher: DispatcherHarness) -> None:
    automation = await dispatcher.automate("sale.posted")
    await dispatcher.ask(commands.SET_AUTOMATION_STATE, {"id": automation.id, "enabled": False})
    before = dispatcher.happened("sale.posted", request=_request(dispatcher, seconds_ago=2), at=ago(seconds=1))
    await dispatcher.ask(commands.SET_AUTOMATION_STATE, {"id": automation.id, "enabled": True})
    assert await dispatcher.handle_events(before) == []
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1


async def test_what_is_no_event_is_dead_lettered_and_delays_no_other_message(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    good = dispatcher.happened("sale.posted")
    bad = dispatcher.happened("sale.posted").model_copy(update={"data": {"object": {}}})
    handler = dispatcher.pipeline.handler(event_handler(SubscriptionCache()))
    outcomes = await handler([Incoming("dispatcher.events", one.encode()) for one in (bad, good)])
    assert isinstance(outcomes[0], Refused)
    assert "needs a subject_id" in outcomes[0].reason
    assert isinstance(outcomes[1], Done)
    assert await dispatcher.pool.fetchval("SELECT count(*) FROM dispatch.dispatch") == 1


async def test_two_replicas_with_the_same_events_notify_each_subscriber_once(dispatcher: DispatcherHarness) -> None:
    for number in range(3):
        await dispatcher.subscribe("sale.posted", target_url=f"https://receiver.example/{number}")
    deliverable = [dispatcher.happened("sale.posted") for _ in range(40)]
    batches = await asyncio.gather(
        *(
            dispatcher.handle_events(*order, replica=Replica())
            for order in (deliverable, deliverable[::-1], deliverable[20:] + deliverable[:20])
        )
    )
    assert sum(len(jobs) for jobs in batches) == 120


async def test_the_log_and_the_dispatches_can_only_grow(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    await dispatcher.handle_events(dispatcher.happened("sale.posted"))
    parts = await dispatcher.rows(
        "SELECT tableoid::regclass::text AS part FROM dispatch.event"
        " UNION SELECT tableoid::regclass::text FROM dispatch.dispatch"
    )
    for table in ("dispatch.event", "dispatch.dispatch", *(row["part"] for row in parts)):
        for what in ("DELETE FROM {}", "UPDATE {} SET event_id = event_id", "TRUNCATE {}"):
            statement = what.format(table)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await dispatcher.pool.execute(statement)


async def test_old_events_go_by_the_setting(dispatcher: DispatcherHarness) -> None:
    await dispatcher.handle_events(dispatcher.happened("sale.posted"))
    old = dispatcher.happened("sale.posted").model_copy(update={"id": id_made(ago(days=400))})
    await dispatcher.handle_events(old)
    await dispatcher.pool.execute("SELECT dispatch.maintain_partitions()")
    assert await dispatcher.pool.fetchval("SELECT count(*) FROM dispatch.event") == 1


async def test_replicas_may_maintain_at_the_same_time(dispatcher: DispatcherHarness) -> None:
    await asyncio.gather(*(dispatcher.pool.execute("SELECT dispatch.maintain_partitions()") for _ in range(5)))


async def test_the_journey_shows_what_happened_and_for_whom(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted")
    subject_id = new_id()
    deliverable = dispatcher.happened("sale.posted", subject_id=subject_id)
    (job,) = await dispatcher.handle_events(deliverable)
    entries = await dispatcher.rows(
        "SELECT * FROM dispatch_api.journey_entry WHERE account_id = $1 AND correlation_id = $2 ORDER BY at",
        deliverable.account_id,
        deliverable.correlation_id,
    )
    assert [(entry["step"], entry["message_id"], entry["cause_id"]) for entry in entries] == [
        ("sale.posted", deliverable.id, deliverable.causation_id),
        ("dispatched", job.id, deliverable.id),
    ]
    assert all(entry["subject_id"] == subject_id for entry in entries)
    assert hook.id in entries[1]["detail"]


async def test_others_read_only_what_is_published(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    for role, allowed in (
        ("ledgerwire_ingress", "event dispatch automation automation_version journey_entry outcome"),
        ("ledgerwire_execution", "hook automation_version"),
    ):
        async with dispatcher.owner.transaction():
            await dispatcher.owner.execute(f"SET LOCAL ROLE {role}")
            for view in allowed.split():
                await dispatcher.owner.execute("TABLE dispatch_api." + view)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with dispatcher.owner.transaction():
                    await dispatcher.owner.execute("SELECT * FROM dispatch.hook")
    async with dispatcher.owner.transaction():
        await dispatcher.owner.execute("SET LOCAL ROLE ledgerwire_ingress")
        await dispatcher.owner.execute("SELECT id, state FROM dispatch_api.hook")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with dispatcher.owner.transaction():
                await dispatcher.owner.execute("SELECT secret FROM dispatch_api.hook")


def _request(dispatcher: DispatcherHarness, *, seconds_ago: float) -> Envelope:
    return dispatcher.command("create_sale", {}, id=id_made(ago(seconds=seconds_ago)))


async def test_an_event_for_very_many_hooks_is_not_held_in_memory_for_each(dispatcher: DispatcherHarness) -> None:
    many = 48
    for number in range(many):
        await dispatcher.subscribe("sale.posted", target_url=f"{TARGET}/{number}")
    deliverable = dispatcher.happened("sale.posted", object={"id": "1", "comment": "x" * 1024 * 1024})
    effects = await dispatcher.pipeline.commit([deliverable], event_handler(SubscriptionCache()))
    assert 0 < sum(len(message.body) for message in effects.messages) <= KEPT_BYTES_MAX
    rows = await dispatcher.rows("SELECT body FROM dispatch.outbox")
    assert len({Envelope.decode(row["body"]).data["hook_id"] for row in rows}) == len(rows) == many
