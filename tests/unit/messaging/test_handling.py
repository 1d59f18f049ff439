"""What becomes of each message of a batch, without any bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from messaging.handling import Ack, DeadLetter, Delay, InFlightMessage, describe, handle, pause_after
from messaging.port import ConsumerOptions, Done, Incoming, Outcome, Refused, RetryLater

OPTIONS = ConsumerOptions(attempts_max=3)


def in_flight(*bodies: str, batch_attempts: int = 0) -> list[InFlightMessage]:
    return [
        InFlightMessage(Incoming("q", body.encode()), receipt=None, batch_attempts=batch_attempts) for body in bodies
    ]


class Handler:
    """Answers `outcomes[body]` (Done when not named), or raises it; one that is raised fails the whole call."""

    def __init__(self, **outcomes: Outcome | Exception) -> None:
        self.outcomes = outcomes
        self.calls: list[str] = []

    async def __call__(self, messages: Sequence[Incoming]) -> Sequence[Outcome]:
        bodies = [message.body.decode() for message in messages]
        self.calls.append("".join(bodies))
        answers = [self.outcomes.get(body, Done()) for body in bodies]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return cast("list[Outcome]", answers)


async def test_outcomes_become_steps_in_order() -> None:
    handler = Handler(b=Refused("no"), c=RetryLater("not yet"))
    first, second, third = await handle(handler, in_flight("a", "b", "c"), OPTIONS)
    assert (first, second) == (Ack(), DeadLetter("no"))
    assert isinstance(third, Delay)
    assert third.reason == "not yet"


async def test_a_batch_that_raises_is_offered_one_by_one() -> None:
    handler = Handler(b=ValueError("bad"))
    batch = in_flight("a", "b", "c")
    first, second, third = await handle(handler, batch, OPTIONS)
    assert handler.calls == ["abc", "a", "b", "c"]
    assert (first, third) == (Ack(), Ack())
    assert isinstance(second, Delay)
    assert [message.isolated for message in batch] == [False, True, False]


async def test_what_fails_alone_is_parked_after_the_last_attempt_without_the_lines_that_may_quote_data() -> None:
    handler, batch = Handler(a=ValueError("first line\nsecond line")), in_flight("a")
    steps = [(await handle(handler, batch, OPTIONS))[0] for _ in range(3)]
    assert [type(step) for step in steps] == [Delay, Delay, DeadLetter]
    assert steps[-1] == DeadLetter("ValueError raised 3 times: first line")
    assert steps[-1].kind == "ValueError raised 3 times"


async def test_a_transient_error_delays_the_whole_batch_without_trying_each() -> None:
    handler, batch = Handler(b=ConnectionRefusedError("down")), in_flight("a", "b", "c")
    steps = await handle(handler, batch, OPTIONS)
    assert handler.calls == ["abc"]
    assert {type(step) for step in steps} == {Delay}
    assert [(message.batch_attempts, message.isolated, message.attempts) for message in batch] == [(1, False, 0)] * 3


async def test_a_transient_error_of_one_message_is_isolated_after_a_while() -> None:
    handler, batch = Handler(b=TimeoutError("lock")), in_flight("a", "b", "c", batch_attempts=3)
    first, second, third = await handle(handler, batch, OPTIONS)
    assert (first, third) == (Ack(), Ack())
    assert isinstance(second, Delay)
    assert batch[1].isolated


async def test_a_transient_error_of_all_messages_is_not_isolated_one_by_one() -> None:
    handler = Handler(**dict.fromkeys("abcdefgh", ConnectionResetError("down")))
    steps = await handle(handler, in_flight(*"abcdefgh", batch_attempts=3), OPTIONS)
    assert handler.calls == ["abcdefgh", "a", "b", "c"]
    assert {type(step) for step in steps} == {Delay}


async def test_a_transient_error_never_counts_as_an_attempt() -> None:
    handler, batch = Handler(a=ConnectionResetError("down")), in_flight("a")
    for _ in range(20):
        (step,) = await handle(handler, batch, OPTIONS)
        assert isinstance(step, Delay)


@pytest.mark.parametrize("answer", [[], [Done()], [Done(), Done(), Done()], [Done(), None], None])
async def test_a_handler_that_answers_wrongly_is_a_bug_like_any(answer: list[Outcome] | None) -> None:
    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        return cast("list[Outcome]", answer if len(messages) > 1 else [Done()])

    assert await handle(handler, in_flight("a", "b"), OPTIONS) == [Ack(), Ack()]


async def test_the_caller_decides_which_errors_are_transient() -> None:
    options = ConsumerOptions(is_transient=lambda error: isinstance(error, KeyError))
    batch = in_flight("a", "b")
    await handle(Handler(a=KeyError("k")), batch, options)
    assert [message.batch_attempts for message in batch] == [1, 1]


def test_pauses_grow_to_their_maximum_and_never_beyond() -> None:
    for batch_attempts in range(60):
        whole = min(15.0, 0.1 * 2**batch_attempts)
        assert whole / 2 <= pause_after(batch_attempts, first_seconds=0.1, max_seconds=15.0) <= whole


def test_a_description_is_one_short_line() -> None:
    assert describe(ValueError("one\ntwo")) == "ValueError: one"
    assert describe(ValueError()) == "ValueError: "
    assert len(describe(ValueError("x" * 5000))) == 300
