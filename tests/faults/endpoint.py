"""The receiver of a run: it notes what it receives and, when asked, answers badly or holds a step's request."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.record import Book
from tests.support.http_load import TakeOver

SLOW_SECONDS: Final = 8.0  # longer than the run's timeout of an attempt
ENDLESS_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.1
GONE: Final = b"POST /gone/"
STEP: Final = b"POST /step/"
_OK: Final = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True, slots=True)
class Manner:
    """How to answer badly: at once these bytes, then `more` every tenth of a second for so long, then the end."""

    at_once: bytes = b""
    more: bytes = b""
    seconds: float = 0.0
    succeeds: bool = False  # by its status line, so that nothing may be delivered again for it

    def __call__(self, transport: Any) -> None:
        """Answer on a connection."""
        transport.write(self.at_once)
        self._go_on(transport, asyncio.get_running_loop().time() + self.seconds)

    def _go_on(self, transport: Any, ends: float) -> None:
        if transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= ends:
            transport.close()
            return
        transport.write(self.more)
        loop.call_later(PAUSE_SECONDS, self._go_on, transport, ends)


MANNERS: Final = {
    "slowly": Manner(b"HTTP/1.1 200 ", b"O", SLOW_SECONDS),
    "cut": Manner(),
    "cut in the body": Manner(_OK + b"Content-Length: 4000\r\n\r\nshort", succeeds=True),
    "endlessly": Manner(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nmore\r\n", ENDLESS_SECONDS, succeeds=True),
    "302": Manner(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
    "429": Manner(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
}


@dataclass(slots=True)
class Held:
    """A step's request that is not answered yet."""

    transport: Any

    @property
    def port(self) -> int:
        """The port that its sender has."""
        return int(self.transport.get_extra_info("peername")[1])

    def answer(self) -> None:
        """Answer it at last, if its sender still waits."""
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()


@dataclass(slots=True)
class Endpoint:
    """What `http_load.receive` calls."""

    book: Book
    answered_badly: int = 0
    gone: int = 0  # requests that were answered 410 on a path of `GONE`
    _manners: deque[Manner] = field(default_factory=deque)
    _wants: asyncio.Future[Held] | None = None

    def misbehave(self, manner: Manner, times: int) -> None:
        """Answer the next deliveries so."""
        self._manners.extend([manner] * times)

    async def hold(self, seconds_max: float) -> Held:
        """Wait for a step's request, which stays unanswered.

        Raises:
            TimeoutError: none came.
        """
        self._wants = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds_max):
                return await self._wants
        finally:
            self._wants = None

    def __call__(self, head: bytes, body: bytes) -> int | TakeOver:
        """Take one request."""
        if head.startswith(GONE):
            self.gone += 1
            return 410
        if head.startswith(STEP):
            status = self.book.listen(head, body)
            return self._held if self._wants is not None and not self._wants.done() else status
        if not self._manners or self.book.has_moved(head):
            return self.book.listen(head, body)
        manner = self._manners.popleft()
        self.answered_badly += 1
        if manner.succeeds:
            self.book.listen(head, body)
        return manner

    def _held(self, transport: Any) -> None:
        assert self._wants is not None
        self._wants.set_result(Held(transport))
