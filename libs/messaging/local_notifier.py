"""Wake consumers and listeners in the same process: what spares the bus in Postgres its polling and its NOTIFY.

Buses of several services in one process share one `Wakeups`. Messages of other processes are found by the sweep.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog

from messaging.port import NotificationHandler

log = structlog.get_logger(__name__)


class LocalNotifier:
    """Who waits for which queue, and who listens to which channel, in this process and event loop."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: defaultdict[str, list[NotificationHandler]] = defaultdict(list)

    def wait_for(self, queue: str, event: asyncio.Event) -> None:
        """Set `event` whenever something was published to `queue`."""
        self._waiting[queue].add(event)

    def stop_waiting(self, queue: str, event: asyncio.Event) -> None:
        """Undo `wait_for`."""
        self._waiting[queue].discard(event)

    def wake(self, queues: Iterable[str]) -> None:
        """Tell that something was published to these queues."""
        for queue in queues:
            for event in self._waiting.get(queue, ()):
                event.set()

    def listen(self, channel: str, handler: NotificationHandler) -> None:
        """Call `handler` with the hints of a channel."""
        self._listening[channel].append(handler)

    def stop_listening(self, channel: str, handler: NotificationHandler) -> None:
        """Undo `listen`."""
        self._listening[channel].remove(handler)

    def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Hand hints to whoever listens; nobody may."""
        for handler in tuple(self._listening.get(channel, ())):
            for body in bodies:
                try:
                    handler(body)
                except Exception:
                    log.exception("hint_handler_failed", channel=channel)
