"""Look hooks up where the dispatcher publishes them: target, state and signing keys, at most a moment old."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from action_executor.deliveries.records import HookLimits, Key
from action_executor.deliveries.rules import signing_key
from chassis.encryption import DecryptionError, Encryptor
from storage.pool import Pool

HOOKS_MAX: Final = 10_000
KEYS_MAX: Final = 20_000  # opened signing keys, remembered by their encrypted bytes
LOOK_UP_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Hook:
    """A subscription, as a delivery needs it. `fault` says why its deliveries cannot be signed, if so."""

    target_url: str
    state: str
    reason: str | None
    key: bytes
    previous_key: bytes | None
    previous_until: datetime | None
    version: int
    limits: HookLimits
    fault: str | None = None

    @property
    def active(self) -> bool:
        """Whether it wants deliveries."""
        return self.state == "active"

    def keys_at(self, moment: datetime) -> Sequence[bytes]:
        """The keys that sign at a moment, newest first: after a rotation both, for a while."""
        if self.previous_key is not None and self.previous_until is not None and moment < self.previous_until:
            return (self.key, self.previous_key)
        return (self.key,)


_FETCH = """
SELECT h.account_id, h.id, h.target_url, h.state, h.reason, h.secret, h.previous_secret, h.previous_until,
       h.version, h.rate_per_second, h.concurrency
  FROM unnest($1::uuid[], $2::uuid[]) AS k(account_id, id)
  JOIN dispatch_api.hook h ON h.account_id = k.account_id AND h.id = k.id
"""


class HookCache:
    """Hooks by key, each remembered for `keep_seconds`; look-ups of one moment share a query."""

    def __init__(self, pool: Pool, encryptor: Encryptor, *, keep_seconds: float) -> None:
        self._pool, self._encryptor, self._keep_seconds = pool, encryptor, keep_seconds
        self._known: OrderedDict[Key, tuple[float, Hook | None]] = OrderedDict()
        self._requested: dict[Key, asyncio.Future[Hook | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._opened: OrderedDict[bytes, bytes] = OrderedDict()

    async def get(self, key: Key, *, fresh: bool = False) -> Hook | None:
        """The hook, None when there is none; `fresh` looks it up whatever is remembered.

        Raises:
            OSError, asyncpg.PostgresError: the look-up failed; a transient error.
        """
        known = self._known.get(key)
        if known is not None and not fresh and time.monotonic() - known[0] < self._keep_seconds:
            return known[1]
        return await asyncio.shield(self._ask_for(key))

    def prefetch(self, key: Key) -> None:
        """Load a hook in the background, because it is needed soon."""
        known = self._known.get(key)
        if known is None or time.monotonic() - known[0] >= self._keep_seconds:
            self._ask_for(key)

    def outdate(self, key: Key, version: int) -> None:
        """Forget what is remembered of a version of a hook before this one."""
        known = self._known.get(key)
        if known is not None and known[1] is not None and known[1].version < version:
            del self._known[key]

    def _ask_for(self, key: Key) -> asyncio.Future[Hook | None]:
        if key not in self._requested:
            self._requested[key] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="look-up-hooks")
        return self._requested[key]

    async def _ask(self) -> None:
        try:
            while self._requested:
                await asyncio.sleep(0)  # concurrent look-ups share the query
                keys = list(self._requested)[:LOOK_UP_MAX]
                waiting = {key: self._requested.pop(key) for key in keys}
                await self._answer(waiting)
        finally:
            self._asking = None

    async def _answer(self, waiting: dict[Key, asyncio.Future[Hook | None]]) -> None:
        asked_at = time.monotonic()
        try:
            rows = await self._pool.fetch(_FETCH, [key[0] for key in waiting], [key[1] for key in waiting])
            found = {(row["account_id"], row["id"]): self._hook(row) for row in rows}
        except BaseException as error:
            for future in waiting.values():
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else OSError("looking up was stopped"))
                    future.exception()  # its askers may be gone
            if not isinstance(error, Exception):
                raise
            return
        for key, future in waiting.items():
            self._known[key] = (asked_at, found.get(key))
            self._known.move_to_end(key)
            if not future.done():
                future.set_result(found.get(key))
        while len(self._known) > HOOKS_MAX:
            self._known.popitem(last=False)

    def _hook(self, row: Record) -> Hook:
        key, previous, fault = b"", None, None
        try:
            key = self._open(row["secret"])
            previous = self._open(row["previous_secret"]) if row["previous_secret"] is not None else None
        except (DecryptionError, ValueError) as error:
            fault = f"cannot be signed for: {error}"
        return Hook(
            row["target_url"],
            row["state"],
            row["reason"],
            key,
            previous,
            row["previous_until"],
            row["version"],
            HookLimits(row["rate_per_second"], row["concurrency"]),
            fault,
        )

    def _open(self, encrypted: bytes) -> bytes:
        key = self._opened.get(encrypted)
        if key is None:
            key = self._opened[encrypted] = signing_key(self._encryptor.open(encrypted))
            if len(self._opened) > KEYS_MAX:
                self._opened.popitem(last=False)
        return key
