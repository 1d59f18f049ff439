"""Limit each sender's rate: token buckets in this process's memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from ingress.errors import TooManyRequests
from ingress.settings import IngressSettings

KEYS_MAX: Final = 10_000
"""Buckets kept, about 2 MiB; beyond it the one that was not used for longest is forgotten, and so full again."""

BURST_SECONDS: Final = 2.0
WRONG_BURST_SECONDS: Final = 60.0
"""Wrong credentials come in bursts, from a misconfigured program; the limit ends the burst."""

SIGN_INS_OF_ADDRESS_FACTOR: Final = 3
"""An office shares an address: several people may mistype at once."""


class RateLimiter:
    """Lets each key do `per_second` things on average and `burst_seconds` times as many at once; 0 sets no limit."""

    def __init__(self, per_second: float, *, burst_seconds: float = BURST_SECONDS) -> None:
        self._per_second = per_second
        self._burst = max(1.0, per_second * burst_seconds)
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = (
            OrderedDict()
        )  # tokens left, and the time of that count

    def admit(self, key: Hashable) -> None:
        """Count one.

        Raises:
            TooManyRequests: there were too many; it says when to retry.
        """
        if not self._per_second:
            return
        left, now = self._left(key)
        self._buckets.pop(key, None)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        self._refuse_below_one(left)

    def check(self, key: Hashable) -> None:
        """Count nothing.

        Raises:
            TooManyRequests: `admit` would raise it.
        """
        if self._per_second and key in self._buckets:
            self._refuse_below_one(self._left(key)[0])

    def _left(self, key: Hashable) -> tuple[float, float]:
        now = time.monotonic()
        left, since = self._buckets.get(key, (self._burst, now))
        return min(self._burst, left + (now - since) * self._per_second), now

    def _refuse_below_one(self, left: float) -> None:
        if left < 1:
            seconds = math.ceil((1 - left) / self._per_second)
            raise TooManyRequests(
                f"at most {_rate(self._per_second)} on average", headers={"Retry-After": str(seconds)}
            )


def _rate(per_second: float) -> str:
    return f"{per_second:g} a second" if per_second >= 1 else f"{per_second * 60:g} a minute"


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates of all kinds of senders."""

    address: RateLimiter
    account: RateLimiter
    caller: RateLimiter  # an access token or a key pair
    channel: RateLimiter  # all senders of a channel
    wrong: RateLimiter  # unknown credentials and channel URLs, by address
    sign_in_name: RateLimiter  # wrong passwords and codes, by name
    sign_in_address: RateLimiter  # sign-in attempts, right or wrong, by address

    @classmethod
    def of(cls, settings: IngressSettings) -> Limits:
        """Create them from the settings."""
        return cls(
            address=RateLimiter(settings.address_requests_per_second),
            account=RateLimiter(settings.requests_per_second),
            caller=RateLimiter(settings.caller_requests_per_second),
            channel=RateLimiter(settings.channel_requests_per_second),
            wrong=RateLimiter(settings.wrong_credentials_per_second, burst_seconds=WRONG_BURST_SECONDS),
            sign_in_name=RateLimiter(settings.sign_ins_per_minute / 60, burst_seconds=WRONG_BURST_SECONDS),
            sign_in_address=RateLimiter(
                settings.sign_ins_per_minute * SIGN_INS_OF_ADDRESS_FACTOR / 60, burst_seconds=WRONG_BURST_SECONDS
            ),
        )
