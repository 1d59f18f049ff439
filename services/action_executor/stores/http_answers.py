"""What the answers of stores that speak HTTP mean. Pure."""

from __future__ import annotations

from typing import Final

from action_executor.http_client import OutboundResponse
from action_executor.stores.port import FILE_BYTES_MAX, StoreFault

_PASSING: Final = frozenset({408, 423, 425, 429})  # 423: another client holds a lock
_MISSING: Final = frozenset({404, 410})
_UNMET: Final = frozenset({409, 412})  # 409: S3, when two conditional writes meet


def is_success(answer: OutboundResponse) -> bool:
    """Whether it is done."""
    return 200 <= answer.status < 300  # noqa: PLR2004  HTTP's "success"


def is_missing(answer: OutboundResponse) -> bool:
    """Whether there is nothing."""
    return answer.status in _MISSING


def is_unmet(answer: OutboundResponse) -> bool:
    """Whether a condition did not hold."""
    return answer.status in _UNMET


def fault_of(answer: OutboundResponse, code: str = "") -> StoreFault:
    """The failure that an answer is, with the store's own code."""
    passing = answer.status >= 500 or answer.status in _PASSING  # noqa: PLR2004  HTTP's "server's fault"
    return StoreFault(f"the store answered {answer.status}{f' {code}' if code else ''}", retryable=passing)


def incomplete(answer: OutboundResponse) -> StoreFault:
    """The failure that an answer without its end is: too large, or broken off, as during another write."""
    if answer.fault is not None:
        return StoreFault("the file did not come whole", retryable=True)
    return StoreFault(f"the file there has more than {FILE_BYTES_MAX // 1024**2} MiB")
