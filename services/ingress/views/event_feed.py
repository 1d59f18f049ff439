"""Feed new events to every open stream: one query of this process for all of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ingress.errors import TooManyRequests
from ingress.views import event_queries
from ingress.views.event_queries import LATE_SECONDS
from storage.pool import Pool

STREAMS_MAX: Final = 500  # of this process: a socket and a buffer each
ACCOUNT_STREAMS_MAX: Final = 20  # open pages of several people and a few programs
BUFFER_EVENTS: Final = 256  # of one stream; a slower client's stream ends, and continues by Last-Event-ID
BUFFER_BYTES: Final = 4 * 1024 * 1024  # the same of large events
LOOK_EVENTS_MAX: Final = 5_000  # of one query, without bodies
LOOK_SECONDS: Final = 0.5  # between two queries: the delay of an event


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event as streams send it; `body` is the public one."""

    id: UUID
    trigger: str
    client_id: UUID | None
    body: bytes


@dataclass(slots=True, eq=False)
class Stream:
    """One open stream: its unsent events, and whether it has ended."""

    account_id: UUID
    wants_events: bool
    waiting: deque[FeedEvent] = field(default_factory=deque)
    bytes_waiting: int = 0
    ended: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, event: FeedEvent) -> None:
        """Add an event, or end the stream if its client is too slow."""
        if len(self.waiting) == BUFFER_EVENTS or self.bytes_waiting > BUFFER_BYTES:
            self.end()
            return
        self.waiting.append(event)
        self.bytes_waiting += len(event.body)
        self.woken.set()

    def take(self) -> list[FeedEvent]:
        """Take the unsent events."""
        taken = list(self.waiting)
        self.waiting.clear()
        self.bytes_waiting = 0
        self.woken.clear()
        return taken

    def end(self) -> None:
        """Send no more."""
        self.ended = True
        self.woken.set()


class EventFeed:
    """All open streams of this process; `look` is called by a poller."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._streams: set[Stream] = set()
        self._since: dt.datetime | None = None
        self._given: OrderedDict[UUID, dt.datetime] = (
            OrderedDict()
        )  # events of the last seconds, so that none goes twice
        self._closed = False

    @contextmanager
    def open(self, account_id: UUID, *, wants_events: bool) -> Iterator[Stream]:
        """A stream of an account, as long as the block runs; without events it is woken at every look alone.

        Raises:
            TooManyRequests: the maximum is open.
        """
        if sum(one.account_id == account_id for one in self._streams) >= ACCOUNT_STREAMS_MAX:
            raise TooManyRequests(f"at most {ACCOUNT_STREAMS_MAX} streams of an account at a time: close one")
        if len(self._streams) >= STREAMS_MAX:
            raise TooManyRequests(f"at most {STREAMS_MAX} streams at a time: try again later")
        stream = Stream(account_id, wants_events)
        if self._closed:
            stream.end()
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def close(self) -> None:
        """End all streams: their clients continue them with another process."""
        self._closed = True
        for stream in self._streams:
            stream.end()

    async def look(self) -> None:
        """Read the events since the last call, once for all streams."""
        wanting = [stream for stream in self._streams if stream.wants_events]
        if wanting:
            await self._read(wanting)
        else:
            self._since = None
        for stream in self._streams:
            stream.woken.set()

    async def _read(self, wanting: list[Stream]) -> None:
        complete = await event_queries.now(self._pool) - dt.timedelta(seconds=LATE_SECONDS)
        if self._since is None:
            self._since = complete
            self._given.clear()
        accounts = list({stream.account_id for stream in wanting})
        rows = await event_queries.recorded_since(
            self._pool, moment=self._since, accounts=accounts, limit=LOOK_EVENTS_MAX
        )
        new = [row for row in rows if row["event_id"] not in self._given]
        ids = [row["event_id"] for row in new]
        bodies = await event_queries.bodies_of(self._pool, accounts=accounts, events=ids) if ids else {}
        for row in new:
            self._given[row["event_id"]] = row["recorded_at"]
            event = FeedEvent(row["event_id"], row["trigger"], row["client_id"], bodies[row["event_id"]])
            for stream in wanting:
                if stream.account_id == row["account_id"]:
                    stream.put(event)
        # Continue from the last safe time: events with later timestamps may still be committed.
        self._since = rows[-1]["recorded_at"] if len(rows) == LOOK_EVENTS_MAX else max(self._since, complete)
        while self._given and next(iter(self._given.values())) <= self._since:
            self._given.popitem(last=False)
