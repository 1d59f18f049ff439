"""Wake consumers and listeners of other processes with NOTIFY, where services over this bus are processes of their own.

One connection of the pool listens. A wake-up may be lost, with the connection for example: the sweep finds the
messages. Nothing waits for a NOTIFY, and those of one moment share a statement.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog

from messaging.handling import describe
from messaging.local_notifier import LocalNotifier
from messaging.port import NotificationHandler
from scheduling.ending import end_tasks

if TYPE_CHECKING:
    from messaging.postgres.queries import Pool

log = structlog.get_logger(__name__)

RECONNECT_SECONDS: Final = 1.0  # the sweep finds messages meanwhile
STATEMENT_SECONDS: Final = 10.0  # a server that hangs must not keep hints for ever
PAYLOAD_CHARS_MAX: Final = 7_900  # the server takes 7,999
PENDING_MAX: Final = 10_000  # notifications that wait for the statement before; more are dropped

_QUEUE, _CHANNEL = "lwq.", "lwn."  # with the longest name within the server's 63 bytes
_NOTIFY: Final = """
    WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT pg_notify(n.channel, n.payload) FROM relaxed, unnest($1::text[], $2::text[]) AS n (channel, payload)
"""


class ListeningNotifier(LocalNotifier):
    """A `LocalNotifier` that reaches other processes as well."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self._pool = pool
        self._pending: dict[tuple[str, str], None] = {}  # channel and payload, each once
        self._changed, self._sends = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start listening and sending."""
        self._tasks = [
            asyncio.create_task(self._listen_forever(), name="listen"),
            asyncio.create_task(self._send_forever(), name="notify"),
        ]

    async def close(self) -> None:
        """Stop; what is pending is dropped."""
        await end_tasks(self._tasks)

    def wait_for(self, queue: str, event: asyncio.Event) -> None:
        """Set `event` whenever a process published to `queue`."""
        super().wait_for(queue, event)
        self._changed.set()

    def listen(self, channel: str, handler: NotificationHandler) -> None:
        """Call `handler` with the notifications of a channel, from any process."""
        super().listen(channel, handler)
        self._changed.set()

    def wake(self, queues: Iterable[str]) -> None:
        """Wake the waiters of these queues: here, or in other processes where none waits here."""
        names = set(queues)
        super().wake(names)
        self._send((_QUEUE + name, "") for name in names if not self._waiting.get(name))

    def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Pass notifications to the channel's listeners: here, or in the process that has them."""
        if self._listening.get(channel):
            super().notify(channel, bodies)
        else:
            self._send((_CHANNEL + channel, payload) for payload in _payloads(bodies))

    def _send(self, notifications: Iterable[tuple[str, str]]) -> None:
        for notification in notifications:
            if len(self._pending) < PENDING_MAX:
                self._pending[notification] = None
                self._sends.set()

    async def _send_forever(self) -> None:
        while True:
            await self._sends.wait()
            self._sends.clear()
            batch, self._pending = list(self._pending), {}
            try:
                async with asyncio.timeout(STATEMENT_SECONDS):
                    await self._pool.execute(_NOTIFY, [one[0] for one in batch], [one[1] for one in batch])
            except Exception as error:  # noqa: BLE001  hints: the sweep finds the messages
                log.info("hints_dropped", notifications=len(batch), error=describe(error))

    async def _listen_forever(self) -> None:
        while True:
            try:
                async with self._pool.acquire() as conn:
                    try:
                        await self._listen_on(conn)
                    finally:
                        conn.terminate()  # no other user of the pool gets what it listens to
            except Exception as error:  # noqa: BLE001  until the next connection, the sweep finds messages
                log.info("not_listening", error=describe(error))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_on(self, conn: Any) -> None:
        """Listen until the connection ends."""
        conn.add_termination_listener(lambda _: self._changed.set())
        heard: set[str] = set()
        while not conn.is_closed():
            self._changed.clear()
            wanted = {_QUEUE + name for name in self._waiting} | {_CHANNEL + name for name in self._listening}
            for channel in wanted - heard:
                await conn.add_listener(channel, self._heard)
                heard.add(channel)
                super().wake([channel.removeprefix(_QUEUE)])  # for what was published before
            await self._changed.wait()

    def _heard(self, _conn: object, _pid: int, channel: str, payload: Any) -> None:
        if channel.startswith(_QUEUE):
            super().wake([channel.removeprefix(_QUEUE)])
        else:
            with contextlib.suppress(ValueError):  # any user of the database may notify
                super().notify(channel.removeprefix(_CHANNEL), [b64decode(one) for one in payload.split(",")])


def _payloads(bodies: Sequence[bytes]) -> list[str]:
    """Join notifications, as many as a payload holds; one that is larger by itself is dropped."""
    joined: list[str] = []
    for body in bodies:
        text = b64encode(body).decode()
        if joined and len(joined[-1]) + 1 + len(text) <= PAYLOAD_CHARS_MAX:
            joined[-1] += "," + text
        elif len(text) <= PAYLOAD_CHARS_MAX:
            joined.append(text)
    return joined
