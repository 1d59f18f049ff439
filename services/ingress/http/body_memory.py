"""Bound the memory of bodies: of all, of each account's, and of each channel's.

One limiter counts the bodies of requests, another those of responses that their clients have not read yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from ingress.errors import TooManyRequests, Unavailable

BYTES_MAX: Final = 64 * 1024 * 1024  # with what reading takes, a process stays below 300 MiB
ACCOUNT_BYTES_MAX: Final = 24 * 1024 * 1024
"""One of the largest documents and some room, so that one account's senders leave room for others."""

SMALL_BYTES: Final = 1024 * 1024  # as for JSON bodies
RESERVED_BYTES: Final = 16 * 1024 * 1024
"""Reserved for bodies of at most `SMALL_BYTES`, so that a few large documents never block ordinary requests."""

CHANNEL_BYTES_MAX: Final = 22 * 1024 * 1024
"""Less than an account's share: a sender that knows one channel's URL does not block the account's other senders."""

ANSWER_BYTES_MAX: Final = 96 * 1024 * 1024  # with the request bodies below 256 MiB in all
ANSWER_ACCOUNT_BYTES_MAX: Final = 32 * 1024 * 1024
"""A third of all: seven of the largest pages at once. A reading client has them within moments."""


class BodyMemoryLimiter:
    """Counts bytes as they arrive; an announced length reserves nothing. `what` names the bodies in errors."""

    def __init__(
        self,
        bytes_max: int = BYTES_MAX,
        *,
        account_bytes_max: int = ACCOUNT_BYTES_MAX,
        channel_bytes_max: int = CHANNEL_BYTES_MAX,
        what: str = "large bodies of this sender are in progress",
    ) -> None:
        self._bytes_max, self._what = bytes_max, what
        self._shares_max = (account_bytes_max, channel_bytes_max)
        self._held = 0
        self._shares: Counter[Hashable] = Counter()

    @contextmanager
    def hold(self) -> Iterator[Reservation]:
        """Yield an empty hold of one request; its bytes are released when the block ends."""
        hold = Reservation(self)
        try:
            yield hold
        finally:
            self._held -= hold.size
            for owner in hold.owners:
                self._shares[owner] -= hold.size
                if not self._shares[owner]:
                    del self._shares[owner]

    def _take(self, hold: Reservation, size: int) -> None:
        if any(self._shares[owner] + size > most for owner, most in zip(hold.owners, self._shares_max, strict=False)):
            raise TooManyRequests(f"too many {self._what}; try again")
        reserved = min(RESERVED_BYTES, self._bytes_max // 4) if hold.size + size > SMALL_BYTES else 0
        if self._held + size > self._bytes_max - reserved:
            raise Unavailable(
                "too many large bodies or responses are in progress; try again", headers={"Retry-After": "1"}
            )
        self._held += size
        for owner in hold.owners:
            self._shares[owner] += size


class Reservation:
    """The bytes of one request. `owners` are its account and, if it has one, its channel."""

    __slots__ = ("_budget", "owners", "size")

    def __init__(self, budget: BodyMemoryLimiter) -> None:
        self._budget = budget
        self.owners: tuple[Hashable, ...] = ()
        self.size = 0

    def add(self, size: int) -> None:
        """Reserve `size` more bytes.

        Raises:
            TooManyRequests: the account's or channel's share is used up; Unavailable: the total is.
        """
        self._budget._take(self, size)  # noqa: SLF001  two halves of one thing
        self.size += size
