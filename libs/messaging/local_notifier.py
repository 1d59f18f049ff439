"""Wake consumers and listeners in the same process, so that the bus in Postgres needs neither polling nor NOTIFY there.

Buses of several services in one process share one `LocalNotifier`; services in several have `ListeningNotifier`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog

from messaging.port import NotificationHandler

log = structlog.get_logger(__name__)


class LocalNotifier:
    """The waiters of each queue and the listeners of each channel, in this process and event loop."""

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
        """Wake the waiters of these queues after a publish."""
        for queue in queues:
            for event in self._waiting.get(queue, ()):
                event.set()

    def listen(self, channel: str, handler: NotificationHandler) -> None:
        """Call `handler` with the notifications of a channel."""
        self._listening[channel].append(handler)

    def stop_listening(self, channel: str, handler: NotificationHandler) -> None:
        """Undo `listen`."""
        self._listening[channel].remove(handler)

    def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Pass notifications to the channel's listeners, if any."""
        for handler in tuple(self._listening.get(channel, ())):
            for body in bodies:
                try:
                    handler(body)
                except Exception:
                    log.exception("hint_handler_failed", channel=channel)
