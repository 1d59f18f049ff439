"""Decide the disposition of each message of a batch: between a handler and either bus, independent of both.

A batch is handled whole. If the handler raises a transient error, all of it is delayed; after any other error, each
message is handled alone, so that one bad message never stops the others; one that keeps failing alone is dead-lettered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from messaging.port import BatchHandler, ConsumerOptions, Done, Incoming, Outcome, Refused, RetryLater

REASON_CHARACTERS_MAX: Final = 300
BUG_PAUSE_MAX_SECONDS: Final = 2.0
BATCH_ATTEMPTS_MAX: Final = 3  # then one message may cause the batch's transient error (a lock, a timeout): find it
TRANSIENT_FAILURES_MAX: Final = 3  # then it affects all: leave the rest for later


@dataclass(slots=True, eq=False)
class InFlightMessage:
    """A message in flight in this process.

    `receipt` is what its bus needs to acknowledge it. `tries` counts how often it was delayed, `attempts` how often its
    handler raised a bug for it alone. Once it has failed alone it stays `isolated`. `held_since` is in the loop's time,
    None while it was never delayed.
    """

    incoming: Incoming
    receipt: Any
    batch_attempts: int = 0
    attempts: int = 0
    isolated: bool = False
    delayed_since: float | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """Acknowledge it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Store it with its reason, then acknowledge it."""

    reason: str

    @property
    def kind(self) -> str:
        """The reason's beginning, for the log: what follows a colon may quote the message's body."""
        return self.reason.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Delay:
    """Handle it again after a pause."""

    reason: str
    pause_seconds: float


Disposition = Ack | DeadLetter | Delay


@dataclass(frozen=True, slots=True)
class _Raised:
    """The handler raised an error."""

    reason: str
    transient: bool


class InvalidHandlerResult(Exception):
    """The handler did not return one outcome for each message."""


def describe(error: BaseException) -> str:
    """The error's type and its first line, cut: later lines of some errors quote the data that caused them."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:REASON_CHARACTERS_MAX]


def pause_after(batch_attempts: int, *, first_seconds: float, max_seconds: float) -> float:
    """The growing pause before try `tries` + 1, with jitter: doubled each time, up to the maximum."""
    whole: float = min(max_seconds, first_seconds * 2 ** min(batch_attempts, 20))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311  jitter, no secret


async def handle(
    handler: BatchHandler, batch: Sequence[InFlightMessage], options: ConsumerOptions
) -> list[Disposition]:
    """Handle a batch and return, in order, the disposition of each message. Raises nothing but cancellation."""
    answer = await _call_handler(handler, batch, options)
    if not isinstance(answer, _Raised):
        return [_after_outcome(message, outcome, options) for message, outcome in zip(batch, answer, strict=True)]
    if len(batch) == 1:
        return [_after_raising(batch[0], answer, options)]
    if answer.transient and min(message.batch_attempts for message in batch) < BATCH_ATTEMPTS_MAX:
        return [_delay(message, answer.reason, options) for message in batch]
    return await _handle_isolated(handler, batch, options)


async def _call_handler(
    handler: BatchHandler, batch: Sequence[InFlightMessage], options: ConsumerOptions
) -> Sequence[Outcome] | _Raised:
    try:
        outcomes = await handler([message.incoming for message in batch])
        _check_result(outcomes, len(batch))
        return outcomes  # noqa: TRY300
    except Exception as error:  # noqa: BLE001  whatever it is, it ends in an outcome
        return _Raised(describe(error), options.is_transient(error))


def _check_result(outcomes: Sequence[object], expected: int) -> None:
    if len(outcomes) != expected:
        raise InvalidHandlerResult(f"{len(outcomes)} outcomes for {expected} messages")
    if not all(isinstance(outcome, Done | RetryLater | Refused) for outcome in outcomes):
        raise InvalidHandlerResult("an outcome is Done, RetryLater or Refused")


async def _handle_isolated(
    handler: BatchHandler, batch: Sequence[InFlightMessage], options: ConsumerOptions
) -> list[Disposition]:
    steps: list[Disposition] = []
    weather_in_a_row = 0
    for message in batch:
        if weather_in_a_row >= TRANSIENT_FAILURES_MAX:
            steps.append(_delay(message, "a transient error: not tried this time", options))
            continue
        answer = await _call_handler(handler, [message], options)
        if isinstance(answer, _Raised):
            weather_in_a_row = weather_in_a_row + 1 if answer.transient else 0
            steps.append(_after_raising(message, answer, options))
        else:
            weather_in_a_row = 0
            steps.append(_after_outcome(message, answer[0], options))
    return steps


def _after_outcome(message: InFlightMessage, outcome: Outcome, options: ConsumerOptions) -> Disposition:
    match outcome:
        case Done():
            return Ack()
        case Refused(reason):
            return DeadLetter(reason)
        case RetryLater(reason):
            message.isolated = True  # its own reason: it delays no other
            return _delay(message, reason, options)
        case _:
            assert_never(outcome)


def _after_raising(message: InFlightMessage, raised: _Raised, options: ConsumerOptions) -> Disposition:
    message.isolated = True
    if raised.transient:
        return _delay(message, raised.reason, options)
    message.attempts += 1
    if message.attempts >= options.attempts_max:
        kind, _, text = raised.reason.partition(": ")
        return DeadLetter(f"{kind} raised {message.attempts} times: {text}")
    pause = pause_after(
        message.attempts - 1, first_seconds=options.retry_pause_first_seconds, max_seconds=BUG_PAUSE_MAX_SECONDS
    )
    return Delay(raised.reason, pause)


def _delay(message: InFlightMessage, reason: str, options: ConsumerOptions) -> Delay:
    pause = pause_after(
        message.batch_attempts,
        first_seconds=options.retry_pause_first_seconds,
        max_seconds=options.retry_pause_max_seconds,
    )
    message.batch_attempts += 1
    return Delay(reason, pause)
