"""Hooks that ask for their clients' order: events are delivered in the order of the ledger, however they arrive."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.wire.commands import DELETE_HOOK
from contracts.wire.envelope import Envelope
from tests.support.dispatcher import DispatcherHarness, Replica, ago, id_made
from trigger_dispatcher.events.predecessor_timeout import PredecessorTimeout
from trigger_dispatcher.events.subscription_cache import SubscriptionCache


def a_chain(dispatcher: DispatcherHarness, *triggers: str, client_id: UUID | None = None) -> list[Envelope]:
    """Events about one client, each naming the one before it, as the ledger publishes them."""
    client_id, chain = client_id or new_id(), list[Envelope]()
    for trigger in triggers:
        after = chain[-1].id if chain else None
        chain.append(dispatcher.happened(trigger, client_id=client_id, after=after))
    return chain


def deliverable(jobs: Sequence[Envelope]) -> list[str]:
    """The events of jobs, in order."""
    return [str(job.data["event_id"]) for job in jobs]


def ids(events: Sequence[Envelope]) -> list[str]:
    """The ids of events, in order."""
    return [str(event.id) for event in events]


async def test_what_overtakes_waits_for_what_happened_before(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted", ordered="client")
    first, second, third = chain = a_chain(dispatcher, *["sale.posted"] * 3)
    assert await dispatcher.handle_events(third) == []
    assert await dispatcher.handle_events(second) == []
    jobs = await dispatcher.handle_events(first)
    assert deliverable(jobs) == ids(chain)
    assert {job.data["hook_id"] for job in jobs} == {hook.id}
    assert [job.data.get("after") for job in jobs] == [None, str(jobs[0].id), str(jobs[1].id)]
    assert await dispatcher.rows("SELECT * FROM dispatch.pending_ordered_event") == []
    (further,) = await dispatcher.handle_events(
        dispatcher.happened("sale.posted", client_id=UUID(first.data["client_id"]), after=third.id)
    )
    assert further.data["after"] == str(jobs[2].id)


async def test_no_other_hook_waits_for_an_ordered_hook(dispatcher: DispatcherHarness) -> None:
    plain = await dispatcher.subscribe("sale.posted")
    await dispatcher.subscribe("sale.posted", ordered="client", target_url="https://receiver.example/ordered")
    _, second = a_chain(dispatcher, "sale.posted", "sale.posted")
    (job,) = await dispatcher.handle_events(second)
    assert (job.data["hook_id"], job.data["event_id"]) == (plain.id, str(second.id))
    (other,) = a_chain(dispatcher, "sale.posted")
    assert deliverable(await dispatcher.handle_events(other)) == [str(other.id)] * 2


async def test_a_missing_event_that_the_hook_does_not_hear_of_counts_too(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted", ordered="client")
    posted, paid, again = a_chain(dispatcher, "sale.posted", "payment.posted", "sale.posted")
    assert await dispatcher.handle_events(paid) == []  # it is there itself, yet what came before it is not
    assert await dispatcher.handle_events(again) == []
    assert deliverable(await dispatcher.handle_events(posted)) == [str(posted.id), str(again.id)]


async def test_replicas_that_take_a_clients_events_at_once_tell_each_once_and_in_order(
    dispatcher: DispatcherHarness,
) -> None:
    await dispatcher.subscribe("sale.posted", ordered="client")
    replicas = [Replica(), Replica(), Replica()]
    chains = [a_chain(dispatcher, *["sale.posted"] * 20) for _ in range(3)]
    events = [event for chain in chains for event in chain]
    random.Random(7).shuffle(events)  # noqa: S311  a plan, no secret
    parts = [events[start : start + 4] for start in range(0, len(events), 4)]
    turns = [parts[turn::3] for turn in range(3)]

    async def take(replica: Replica, mine: Sequence[Sequence[Envelope]]) -> list[Envelope]:
        return [job for part in mine for job in await dispatcher.handle_events(*part, replica=replica)]

    made = await asyncio.gather(*(take(*pair) for pair in zip(replicas, turns, strict=True)))
    jobs = [job for some in made for job in some]
    assert sorted(deliverable(jobs)) == sorted(ids(events))
    following = {job.data.get("after"): job for job in jobs if job.data.get("after")}
    for chain in chains:
        (job,) = [job for job in jobs if job.data["event_id"] == str(chain[0].id)]
        assert job.data.get("after") is None
        for event in chain[1:]:
            job = following[str(job.id)]
            assert job.data["event_id"] == str(event.id)


async def test_what_never_comes_holds_the_others_up_for_a_bounded_time(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted", ordered="client")
    _, second, third = a_chain(dispatcher, *["sale.posted"] * 3)
    await dispatcher.handle_events(second, third)
    overdue = PredecessorTimeout(dispatcher.pool, dispatcher.pipeline.relay, SubscriptionCache(), schema="dispatch")
    assert await overdue.sweep() == 0
    await dispatcher.owner.execute("UPDATE dispatch.pending_ordered_event SET held_at = now() - interval '11 minutes'")
    assert await overdue.sweep() == 2
    rows = await dispatcher.rows("SELECT body FROM dispatch.outbox WHERE queue = 'executor.jobs' ORDER BY id")
    assert deliverable([Envelope.decode(row["body"]) for row in rows]) == ids([second, third])
    assert await overdue.sweep(held_seconds=0) == 0


async def test_an_event_long_gone_from_the_log_is_not_waited_for(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted", ordered="client")
    late = dispatcher.happened("sale.posted", client_id=new_id(), after=id_made(ago(days=40)))
    assert deliverable(await dispatcher.handle_events(late)) == [str(late.id)]


async def test_a_removed_hook_leaves_no_turns_behind(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted", ordered="client")
    await dispatcher.handle_events(*a_chain(dispatcher, "sale.posted"))
    assert len(await dispatcher.rows("SELECT * FROM dispatch.ordered_predecessor")) == 1
    await dispatcher.ask(DELETE_HOOK, {"id": hook.id})
    assert await dispatcher.rows("SELECT * FROM dispatch.ordered_predecessor") == []
