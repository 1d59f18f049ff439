"""Prometheus metrics of the bus; counted a batch at a time."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client import Counter, Histogram

PUBLISHED = Counter(
    "ledgerwire_bus_published_total", "Messages given to the bus; confirmed is yes or no", ["queue", "confirmed"]
)
HANDLED = Counter(
    "ledgerwire_bus_handled_total",
    "Messages that left a handler; outcome is done, dead_lettered, retry or released",
    ["queue", "outcome"],
)
BATCH_SECONDS = Histogram(
    "ledgerwire_bus_batch_seconds",
    "Time a handler took for a batch",
    ["queue"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
RECONNECTS = Counter("ledgerwire_bus_reconnects_total", "Connections to the broker that were lost", ["purpose"])


def count_published(queues: Sequence[str], confirmed: Sequence[bool]) -> None:
    """Count one batch: the queue of each message and whether it was confirmed."""
    for (queue, there), number in Tally(zip(queues, confirmed, strict=True)).items():
        PUBLISHED.labels(queue, "yes" if there else "no").inc(number)
