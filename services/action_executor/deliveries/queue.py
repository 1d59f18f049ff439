"""A hook's delivery queue in this process, and its limits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from action_executor.deliveries.records import ClaimedDelivery, HookLimits, Key
from action_executor.deliveries.rules import FAILURES_TO_OPEN

SLOW_SECONDS: Final = 1.0
LATENCY_SECONDS_FIRST: Final = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of this process; rate and concurrency are over all processes, of a hook without its own."""

    rate_per_second: float
    concurrency: int
    at_once_max: int
    held_max: int
    bytes_max: int
    attempt_seconds_max: float  # a delivery whose lease ends sooner is released instead of started

    @property
    def account_max(self) -> int:
        """What one account may have running at once."""
        return max(1, self.at_once_max // 2)

    @property
    def slow_max(self) -> int:
        """What all slow receivers together may have running at once."""
        return max(1, self.at_once_max // 2)


class QueueState(Enum):
    """The state of a queue."""

    IDLE = "idle"  # nothing queued, or waiting for one of its own to finish
    READY = "ready"  # in line
    ASLEEP = "asleep"  # until a moment
    PAUSED = "paused"  # until something of its account, or something slow, finishes


@dataclass(slots=True, eq=False)
class DeliveryQueue:
    """One hook in this process."""

    key: Key
    fresh: deque[ClaimedDelivery] = field(default_factory=deque)
    retries: deque[ClaimedDelivery] = field(default_factory=deque)
    running: int = 0
    running_retries: int = 0
    fresh_in_a_row: int = 0
    next_slot: float = 0.0  # the rate limiter's state (GCRA): when the next one is due at an even pace
    failures: int = 0  # in a row
    open_until: float = 0.0
    opened_at: float = 0.0
    latency_seconds: float = LATENCY_SECONDS_FIRST
    backlog: bool = False  # more is pending in Postgres: new deliveries go behind
    news_at: float = 0.0  # when this process last learned something that Postgres may not know yet
    version: int = 0  # of the hook that all this is about; what an older one answers teaches nothing
    limits: HookLimits | None = None  # the hook's own; None until Postgres was asked
    clean: bool = False  # Postgres holds no failures: a success needs no note
    state: QueueState = QueueState.IDLE

    def renew(self, version: int) -> None:
        """Reset: the hook has another target or secret, about which nothing is known."""
        self.version, self.failures, self.open_until, self.opened_at, self.clean = version, 0, 0.0, 0.0, False
        self.latency_seconds = LATENCY_SECONDS_FIRST

    @property
    def queued(self) -> int:
        """How many wait here."""
        return len(self.fresh) + len(self.retries)

    @property
    def slow(self) -> bool:
        """Whether its receiver is slow."""
        return self.latency_seconds > SLOW_SECONDS

    @property
    def suspect(self) -> bool:
        """Whether the breaker allows only one at a time."""
        return self.failures >= FAILURES_TO_OPEN


@dataclass(frozen=True, slots=True)
class ClaimBudget:
    """How many deliveries a queue may claim now; if none, `wait_seconds` is the time until the next try."""

    fresh: int
    retries: int
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BreakerDecision:
    """The breaker's reaction to an attempt: for how long it opened, and whether the failure counted."""

    open_seconds: float = 0.0
    is_failure: bool = False
