"""Keep one account from taking everybody's turn: a token bucket for each, in this process's memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

from ingress.errors import TooManyRequests

ACCOUNTS_MAX: Final = 10_000
BURST_SECONDS: Final = 2.0


class Rates:
    """Lets an account make `per_second` requests on average and twice as many at once; 0 sets no limit."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: OrderedDict[UUID, tuple[float, float]] = OrderedDict()  # tokens left, as of when

    def admit(self, account_id: UUID) -> None:
        """Count one request.

        Raises:
            TooManyRequests: there were too many just now; it says when there is room again.
        """
        if not self._per_second:
            return
        now, burst = time.monotonic(), max(1.0, self._per_second * BURST_SECONDS)
        left, since = self._buckets.pop(account_id, (burst, now))
        left = min(burst, left + (now - since) * self._per_second)
        self._buckets[account_id] = (max(left - 1, 0.0) if left >= 1 else left, now)
        if len(self._buckets) > ACCOUNTS_MAX:
            self._buckets.popitem(last=False)
        if left < 1:
            seconds = math.ceil((1 - left) / self._per_second)
            raise TooManyRequests(
                f"at most {self._per_second:g} a second on average", headers={"Retry-After": str(seconds)}
            )
