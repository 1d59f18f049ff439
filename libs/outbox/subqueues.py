"""Choose the subqueue of each message to publish, so that one account's messages do not wait behind another's.

A queue is first in, first out. A large message, and the messages of an account that sends more than its share, go by a
subqueue: a queue beside it, which the same handler takes from at the same time. Messages of one account may overtake
one another where its subqueue changes, as they may with several processes; order rests on the predecessor that a
message names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from contracts.wire.envelope import account_of
from contracts.wire.topology import subqueue_name
from messaging.port import Outgoing

LARGE_BYTES: Final = 64 * 1024  # ten times a usual document; bounds the bytes that consumers prefetch
SHARE_PER_SECOND: Final = 25.0  # an account's part of a queue, from each publisher; as a hook's default rate
BURST_MAX: Final = 50  # messages that an account may send at once
LEVEL_MAX: Final = 100  # two seconds of silence bring a busy account back to the queue
METERS_MAX: Final = 20_000  # accounts times queues; about 5 MB


class SubqueueChooser:
    """Meters one publisher's messages by queue and account, for the queues that have subqueues."""

    def __init__(self, queues: Iterable[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._queues, self._clock = frozenset(queues), clock
        self._meters: dict[tuple[str, bytes], tuple[float, float]] = {}  # the level, and when it was so

    def choose(self, message: Outgoing) -> Outgoing:
        """Return the message, addressed to the subqueue of its queue that it goes by."""
        if message.queue not in self._queues:
            return message
        busy = self._meter(message)
        if len(message.body) > LARGE_BYTES:
            return replace(message, queue=subqueue_name(message.queue, "large"))
        return replace(message, queue=subqueue_name(message.queue, "bulk")) if busy else message

    def _meter(self, message: Outgoing) -> bool:
        """Count a message in its account's leaky bucket; return whether the account is over its share."""
        key, now = (message.queue, account_of(message.body)), self._clock()
        level, at = self._meters.get(key, (0.0, now))
        level = min(max(0.0, level - (now - at) * SHARE_PER_SECOND) + 1, LEVEL_MAX)
        self._meters[key] = level, now
        if len(self._meters) > METERS_MAX:
            full_at = now - LEVEL_MAX / SHARE_PER_SECOND  # a bucket that is older is empty
            self._meters = {key: meter for key, meter in self._meters.items() if meter[1] > full_at}
        return level > BURST_MAX
