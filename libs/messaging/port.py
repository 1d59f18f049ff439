"""The port: what any bus must do. Services and the outbox depend on this module only.

Semantics that both adapters keep, and that `tests/component/bus_contract/` proves for each:

* `publish` returns, for every message, whether the bus has it durably (True). False means "unknown": the caller keeps
it and publishes again; twice is allowed, losing is not.
* a consumed message is redelivered until its handler's outcome is acknowledged; it may arrive twice.
* a message that was delivered more often than its queue allows goes to the consumer's `dead_letter`, unhandled.
* a handler sees what has arrived, up to `batch_max`, accounts in turn; under load, or where the options ask to gather,
it comes after at most `batch_wait_seconds`. It returns one outcome for each message, in order. If it raises for a batch
of several, each is handled alone, so that one bad message never stops the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from storage.transient import is_transient


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish: its stable id, the queue it is for, and its bytes (at most 16 MiB)."""

    id: UUID
    queue: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived. `deliveries` counts its deliveries, 1 the first time."""

    queue: str
    body: bytes
    deliveries: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """Handled and committed (or processed before): acknowledge it."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not now, because of a transient error: the bus redelivers it after a growing pause."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: it is dead-lettered with its reason; an operator can list and replay it."""

    reason: str


Outcome = Done | RetryLater | Refused
BatchHandler = Callable[[Sequence[Incoming]], Awaitable[Sequence[Outcome]]]
DeadLetterSink = Callable[[Incoming, str], Awaitable[None]]
"""Keeps a refused message durably with its reason; the message is acknowledged only after it returned."""

DELIVERED_TOO_OFTEN: Final = "delivered too often: its consumers ended before they acknowledged it"
"""The reason of a message that the bus dead-letters."""

NotificationHandler = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """Bounds of one consumer."""

    batch_max: int = 100
    batch_wait_seconds: float = 0.002
    gathers: bool = False  # waits so long for company without load too, while that brings some
    prefetch: int = 300
    concurrency: int = 1  # batches being handled at once
    attempts_max: int = 5  # of one message alone, when its handler raises what is not a transient error
    retry_pause_first_seconds: float = 0.1
    retry_pause_max_seconds: float = 15.0
    delay_max_seconds: float = 300.0  # a message delayed for so long goes back to the bus, behind the others
    stall_seconds: float = 60.0  # a health problem when messages wait and none was acknowledged for so long
    is_transient: Callable[[BaseException], bool] = is_transient


@dataclass(slots=True)
class BusHealth:
    """The bus's state for `/readyz` and the metrics. `problems` is empty when the bus works."""

    problems: list[str] = field(default_factory=list)


class Consumer(Protocol):
    """A running consumer."""

    async def stop(self, deadline_seconds: float) -> None:
        """Stop consuming, finish the batches being handled within the deadline, leave the rest to be redelivered."""
        ...

    async def drained(self) -> int:
        """Wait until every message that its queue held at the call is handled, as far as this consumer can see.

        Return the number of the queue's consumers, each of which must report the same; 0 where messages are rows of
        the database, so that a snapshot of it has them.
        """
        ...


class Bus(Protocol):
    """A connected bus. It reconnects automatically; while it cannot, `publish` returns False for each message."""

    async def publish(self, messages: Sequence[Outgoing]) -> Sequence[bool]:
        """Publish, pipelined; return in order whether each one is durably on its queue."""
        ...

    async def consume(
        self, queue: str, handler: BatchHandler, *, dead_letter: DeadLetterSink, options: ConsumerOptions | None = None
    ) -> Consumer:
        """Start consuming a queue of the topology."""
        ...

    async def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Notify subscribers of a channel; a notification may be lost. Never raises a transient error."""
        ...

    async def listen(self, channel: str, handler: NotificationHandler) -> None:
        """Receive the notifications of a channel (`ingress.replies.<instance>`) as long as the bus is open."""
        ...

    def health(self) -> BusHealth:
        """The bus's current problems, as sentences."""
        ...

    async def close(self) -> None:
        """Stop consumers and close connections; bounded."""
        ...
