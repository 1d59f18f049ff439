"""Decide what a try to hand a message over means for it: pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from action_executor.hand_over import HandedOver, HandOver, NotTaken, TryLater, unknown
from action_executor.messages.models import HandOverResult

JITTER: Final = 0.2
LOST_WORKERS_MAX: Final = 5  # a message that cannot even be written is given up, whatever the fault is
NEVER_WRITTEN: Final = f"it could not be written: its worker failed {LOST_WORKERS_MAX} times in a row"
LOST: Final = unknown("its worker was lost during the hand-over").reason


def outcome_of(result: HandOver, *, attempts: int, schedule: Sequence[float], jitter: float) -> HandOverResult:
    """What to write down after attempt number `attempts` (the first is 1). `jitter` is 0 to 1."""
    match result:
        case HandedOver(provider_id, detail):
            return HandOverResult("sent", detail, provider_id)
        case TryLater(reason, after_seconds) if attempts < len(schedule):
            pause = schedule[attempts] * (1 + JITTER * (2 * jitter - 1))
            return HandOverResult("pending", reason, due_in=max(pause, after_seconds))
        case TryLater(reason):
            return HandOverResult("failed", f"{reason}; given up after {attempts} tries")
        case NotTaken(reason):
            return HandOverResult("failed", reason)
        case _:
            assert_never(result)
