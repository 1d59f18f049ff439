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
from outbox.share import ShareMeter

LARGE_BYTES: Final = 64 * 1024  # ten times a usual document; bounds the bytes that consumers prefetch


class SubqueueChooser:
    """Meters one publisher's messages by queue and account, for the queues that have subqueues."""

    def __init__(self, queues: Iterable[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._queues, self._meter = frozenset(queues), ShareMeter(clock=clock)

    def choose(self, message: Outgoing) -> Outgoing:
        """Return the message, addressed to the subqueue of its queue that it goes by."""
        if message.queue not in self._queues:
            return message
        busy = self._meter.is_over((message.queue, account_of(message.body)))
        if len(message.body) > LARGE_BYTES:
            return replace(message, queue=subqueue_name(message.queue, "large"))
        return replace(message, queue=subqueue_name(message.queue, "bulk")) if busy else message
