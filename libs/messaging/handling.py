"""Settle what becomes of each message of a batch: between a handler and either bus, knowing neither.

A batch is offered whole. If the handler raises weather, all of it is put off; if it raises anything else, each message
is offered alone, so that one bad message never stops the others; one that fails alone again and again is parked.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from messaging.port import BatchHandler, ConsumerOptions, Done, Incoming, Outcome, Refused, RetryLater

REASON_CHARACTERS_MAX: Final = 300
BUG_PAUSE_MAX_SECONDS: Final = 2.0
WHOLE_TRIES_MAX: Final = 3  # then one message may be the batch's weather (a lock, a timeout): find it
WEATHER_IN_A_ROW_MAX: Final = 3  # then it is everybody's: leave the rest for later


@dataclass(slots=True, eq=False)
class InHand:
    """A message this process holds. `ticket` is what its bus needs to settle it.

    `tries` counts how often it was put off, `attempts` how often its handler raised a bug for it alone. Once it has
    failed alone it stays `alone`. `held_since` is in the loop's time, None while it was never put off.
    """

    incoming: Incoming
    ticket: Any
    tries: int = 0
    attempts: int = 0
    alone: bool = False
    held_since: float | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """The bus may forget it."""


@dataclass(frozen=True, slots=True)
class ToPark:
    """Keep it with its reason, then the bus may forget it."""

    reason: str

    @property
    def kind(self) -> str:
        """The reason's beginning, fit for a log: what follows a colon may quote the message's body."""
        return self.reason.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Hold:
    """Offer it again after a pause."""

    reason: str
    pause_seconds: float


Step = Settle | ToPark | Hold


@dataclass(frozen=True, slots=True)
class _Raised:
    """The handler raised instead of answering."""

    reason: str
    weather: bool


class WrongAnswer(Exception):
    """The handler did not answer with one outcome for each message."""


def describe(error: BaseException) -> str:
    """The error's type and its first line, cut: later lines of some errors quote the data that caused them."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:REASON_CHARACTERS_MAX]


def pause_after(tries: int, *, first_seconds: float, max_seconds: float) -> float:
    """The growing pause before try `tries` + 1, with jitter: doubled each time, up to the maximum."""
    whole: float = min(max_seconds, first_seconds * 2 ** min(tries, 20))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311  jitter, no secret


async def handle(handler: BatchHandler, batch: Sequence[InHand], options: ConsumerOptions) -> list[Step]:
    """Offer a batch and answer, in order, what becomes of each message. Raises nothing but cancellation."""
    answer = await _offer(handler, batch, options)
    if not isinstance(answer, _Raised):
        return [_after_outcome(message, outcome, options) for message, outcome in zip(batch, answer, strict=True)]
    if len(batch) == 1:
        return [_after_raising(batch[0], answer, options)]
    if answer.weather and min(message.tries for message in batch) < WHOLE_TRIES_MAX:
        return [_put_off(message, answer.reason, options) for message in batch]
    return await _each_alone(handler, batch, options)


async def _offer(
    handler: BatchHandler, batch: Sequence[InHand], options: ConsumerOptions
) -> Sequence[Outcome] | _Raised:
    try:
        outcomes = await handler([message.incoming for message in batch])
        _check_answer(outcomes, len(batch))
        return outcomes  # noqa: TRY300
    except Exception as error:  # noqa: BLE001  whatever it is, it ends in an outcome
        return _Raised(describe(error), options.is_weather(error))


def _check_answer(outcomes: Sequence[object], expected: int) -> None:
    if len(outcomes) != expected:
        raise WrongAnswer(f"{len(outcomes)} outcomes for {expected} messages")
    if not all(isinstance(outcome, Done | RetryLater | Refused) for outcome in outcomes):
        raise WrongAnswer("an outcome is Done, RetryLater or Refused")


async def _each_alone(handler: BatchHandler, batch: Sequence[InHand], options: ConsumerOptions) -> list[Step]:
    steps: list[Step] = []
    weather_in_a_row = 0
    for message in batch:
        if weather_in_a_row >= WEATHER_IN_A_ROW_MAX:
            steps.append(_put_off(message, "weather: not tried this time", options))
            continue
        answer = await _offer(handler, [message], options)
        if isinstance(answer, _Raised):
            weather_in_a_row = weather_in_a_row + 1 if answer.weather else 0
            steps.append(_after_raising(message, answer, options))
        else:
            weather_in_a_row = 0
            steps.append(_after_outcome(message, answer[0], options))
    return steps


def _after_outcome(message: InHand, outcome: Outcome, options: ConsumerOptions) -> Step:
    match outcome:
        case Done():
            return Settle()
        case Refused(reason):
            return ToPark(reason)
        case RetryLater(reason):
            return _put_off(message, reason, options)
        case _:
            assert_never(outcome)


def _after_raising(message: InHand, raised: _Raised, options: ConsumerOptions) -> Step:
    message.alone = True
    if raised.weather:
        return _put_off(message, raised.reason, options)
    message.attempts += 1
    if message.attempts >= options.attempts_max:
        kind, _, text = raised.reason.partition(": ")
        return ToPark(f"{kind} raised {message.attempts} times: {text}")
    pause = pause_after(
        message.attempts - 1, first_seconds=options.retry_pause_first_seconds, max_seconds=BUG_PAUSE_MAX_SECONDS
    )
    return Hold(raised.reason, pause)


def _put_off(message: InHand, reason: str, options: ConsumerOptions) -> Hold:
    pause = pause_after(
        message.tries, first_seconds=options.retry_pause_first_seconds, max_seconds=options.retry_pause_max_seconds
    )
    message.tries += 1
    return Hold(reason, pause)
