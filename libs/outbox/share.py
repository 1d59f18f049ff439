"""Meter accounts: which of them sends more than its share."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

SHARE_PER_SECOND: Final = 25.0  # an account's part, from each process; as a hook's default rate
BURST_MAX: Final = 50  # messages that an account may send at once
LEVEL_MAX: Final = 100  # two seconds of silence bring a busy account back to the others
METERS_MAX: Final = 20_000  # accounts times queues; about 5 MB


class ShareMeter:
    """A leaky bucket for each key: an account, or an account and a queue."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}  # the level, and when it was so

    def is_over(self, key: Hashable) -> bool:
        """Count a message; return whether its account is over its share."""
        now = self._clock()
        level, at = self._buckets.get(key, (0.0, now))
        level = min(max(0.0, level - (now - at) * SHARE_PER_SECOND) + 1, LEVEL_MAX)
        self._buckets[key] = level, now
        if len(self._buckets) > METERS_MAX:
            full_at = now - LEVEL_MAX / SHARE_PER_SECOND  # a bucket that is older is empty
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket[1] > full_at}
        return level > BURST_MAX
