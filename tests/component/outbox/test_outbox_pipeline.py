"""The pipeline on a real Postgres: what is refused, what comes again, and what its process did not live to finish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from contracts.wire.envelope import Envelope
from messaging.port import Done, Incoming, Refused, RetryLater
from outbox.dead_letters import dead_letter_sink, replay_dead_letters
from outbox.pipeline import NEWER_CODE_MAX, BatchEffects
from storage.pool import Connection
from tests.support.pipeline import QUEUE, SCHEMA, PipelineHarness, ScriptedBus, a_thing, open_pipeline, some_outgoing


@pytest.fixture
async def pipeline(pipeline_dsn: str) -> AsyncIterator[PipelineHarness]:
    async with open_pipeline(pipeline_dsn) as harness:
        yield harness


async def _refuse(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
    for envelope in envelopes:
        effects.refused[envelope.id] = f"no {envelope.name}"


async def test_a_refused_message_whose_process_died_before_it_was_parked_is_refused_again(
    pipeline: PipelineHarness,
) -> None:
    message = a_thing()
    assert await pipeline.take(_refuse, message) == [Refused("no thing")]
    assert await pipeline.take(_refuse, message) == [Refused("no thing")]


async def test_a_refused_message_is_handled_when_a_later_version_replays_it(pipeline: PipelineHarness) -> None:
    message, handled = a_thing(), list[Envelope]()
    (outcome,) = await pipeline.take(_refuse, message)
    assert isinstance(outcome, Refused)
    await dead_letter_sink(pipeline.pool, schema=SCHEMA)(Incoming(QUEUE, message.encode()), outcome.reason)
    assert len(await replay_dead_letters(pipeline.pool, schema=SCHEMA)) == 1
    (body,) = [row["body"] for row in await pipeline.owner.fetch("SELECT body FROM pipeline.outbox")]

    async def handle(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        handled.extend(envelopes)
        for envelope in envelopes:
            effects.answer(envelope, 200, {})

    assert await pipeline.take(handle, body) == [Done()]
    assert handled == [message]


async def test_a_refusal_beside_others_undoes_nothing_of_theirs(pipeline: PipelineHarness) -> None:
    good, bad = a_thing("good"), a_thing("bad")

    async def handle(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        for envelope in envelopes:
            if envelope.name == "bad":
                effects.refused[envelope.id] = "no"
            else:
                effects.answer(envelope, 200, {"first": True})

    assert await pipeline.take(handle, good, bad, good) == [Done(), Refused("no"), Done()]
    assert await pipeline.take(handle, good, bad) == [Done(), Refused("no")]
    assert await pipeline.count("outcome") == 1


async def test_what_goes_wrong_after_the_commit_undoes_nothing(pipeline: PipelineHarness) -> None:
    called = list[str]()

    def fail() -> None:
        raise ValueError("too late")

    async def handle(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        effects.after_commit += [fail, lambda: called.append("second")]
        for envelope in envelopes:
            effects.answer(envelope, 200, {})

    bus = ScriptedBus()
    message = a_thing().model_copy(update={"reply_to": "ingress.replies.one"})
    assert await pipeline.take(handle, message, bus=bus) == [Done()]
    assert (called, bus.notifications) == (["second"], [("ingress.replies.one", message.id.bytes)])


async def test_the_caller_of_an_earlier_command_is_woken_by_the_end_of_what_followed_it(
    pipeline: PipelineHarness,
) -> None:
    first = a_thing().model_copy(update={"reply_to": "ingress.replies.one"})
    follower = a_thing().model_copy(update={"reply_to": "ingress.replies.one"})

    async def handle(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        for envelope in envelopes:
            effects.answer(envelope.model_copy(update={"id": first.id}), 200, {})

    bus = ScriptedBus()
    assert await pipeline.take(handle, follower, bus=bus) == [Done()]
    assert ("ingress.replies.one", first.id.bytes) in bus.notifications


async def test_a_message_of_newer_code_waits_for_it_and_is_dead_lettered_when_none_comes(
    pipeline: PipelineHarness,
) -> None:
    async def leave(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        for envelope in envelopes:
            effects.leave_to_newer(envelope, f"no {envelope.name} here")

    fresh = a_thing("dance")
    old = fresh.model_copy(update={"at": datetime.now(tz=UTC) - 2 * NEWER_CODE_MAX})
    assert await pipeline.take(leave, fresh) == [RetryLater("no dance here")]
    assert await pipeline.take(leave, old) == [Refused("no dance here")]
    assert await pipeline.count("processed_message") == 0


async def test_data_of_a_version_that_this_code_does_not_read_never_reach_the_handler(
    pipeline: PipelineHarness,
) -> None:
    handled = list[Envelope]()

    async def handle(_: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        handled.extend(envelopes)

    newer, known = a_thing().model_copy(update={"version": 2}), a_thing()
    outcomes = await pipeline.take(handle, newer, known)
    assert outcomes == [RetryLater("thing has version 2, which newer code reads"), Done()]
    assert handled == [known]


async def test_a_field_that_newer_code_adds_to_the_envelope_is_ignored(pipeline: PipelineHarness) -> None:
    message = a_thing()
    assert b"version" not in message.encode()  # older code refuses fields that it does not know
    assert Envelope.decode(message.encode().replace(b"{", b'{"later":1,', 1)) == message


async def test_confirmed_messages_are_kept_while_a_backup_needs_them(pipeline: PipelineHarness) -> None:
    bus = ScriptedBus()
    kept, gone = some_outgoing(2), some_outgoing(1)
    await pipeline.owner.execute(
        "INSERT INTO storage.backup_fence (id, expires_at) VALUES ($1, now() + interval '1 minute')", kept[0].id
    )
    await pipeline.leave_behind(*kept)
    assert await pipeline.relay(bus).sweep() == 2
    await pipeline.owner.execute("DELETE FROM storage.backup_fence")
    await pipeline.leave_behind(*gone)
    assert await pipeline.relay(bus).sweep() == 1
    assert (await pipeline.count("outbox"), await pipeline.count("outbox_kept")) == (0, 2)
