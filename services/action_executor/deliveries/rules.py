"""Decide what an attempt's result means, when the next one is due, and how a request is signed: pure rules.

Source: delivery.md (Hook deliveries) and Standard Webhooks 1.0.0.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias
from uuid import UUID

from action_executor.foreign_text import clean_text
from action_executor.http_client import OutboundResponse, TransportError

EXCERPT_BYTES_MAX: Final = 2 * 1024
JITTER: Final = 0.2
RETRY_AFTER_SECONDS_MAX: Final = 86_400.0
HOOK_PAUSE_SECONDS_MAX: Final = 900.0  # a receiver's Retry-After may pause the whole hook at most so long
GONE: Final = 410
BUSY: Final = frozenset({429, 503})
SECRET_MARK: Final = "whsec_"  # noqa: S105  how secrets begin

FAILURES_TO_OPEN: Final = 10  # in a row: then one probe at a time
OPEN_SECONDS_FIRST: Final = 2.0
OPEN_SECONDS_MAX: Final = 300.0
FAILURES_TO_DISABLE: Final = 5  # in a row at least, besides the time


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A 2xx: done."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try again in `seconds`. The whole hook is paused for `hook_pause_seconds`, as its receiver requested."""

    reason: str
    seconds: float
    hook_pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The schedule is exhausted: stored as failed, can be redelivered."""

    reason: str


@dataclass(frozen=True, slots=True)
class HookGone:
    """A 410: the receiver wants nothing any more; this delivery fails and the hook ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Not attempted: the hook is disabled or deleted, or cannot be called; all its deliveries are cancelled."""

    reason: str


Verdict: TypeAlias = Succeeded | TryAgain | GivenUp | HookGone | Cancelled


def judge(
    result: OutboundResponse | TransportError,
    *,
    schedule_position: int,
    schedule: Sequence[float],
    jitter: float,
    now: datetime,
) -> Verdict:
    """Decide the outcome of a try after `tries` earlier ones; `roll` in [0, 1) gives the jitter.

    Only 2xx is success; a redirect is a failure like any other. `Retry-After` never makes a try earlier.
    """
    if isinstance(result, OutboundResponse):
        if 200 <= result.status < 300:  # noqa: PLR2004  HTTP's "success"
            return Succeeded()
        reason = reason_for(result.status)
        if result.status == GONE:
            return HookGone(reason)
    else:
        reason = result.reason
    if schedule_position + 1 >= len(schedule):
        return GivenUp(f"{reason}; given up after {schedule_position + 1} tries")
    requested = retry_after_seconds(result.headers, now) if isinstance(result, OutboundResponse) else 0.0
    pause = schedule[schedule_position + 1] * (1 + JITTER * (2 * jitter - 1))
    rest = (
        min(requested, HOOK_PAUSE_SECONDS_MAX)
        if isinstance(result, OutboundResponse) and result.status in BUSY
        else 0.0
    )
    return TryAgain(reason, max(pause, requested), rest)


def reason_for(status: int) -> str:
    """Return a failing status in words."""
    match status // 100:
        case 3:
            return f"answered {status}: redirects are not followed, subscribe the final address"
        case _ if status == GONE:
            return "answered 410: the receiver is gone"
        case _:
            return f"answered {status}"


def rejection_reason(state: str | None, reason: str | None) -> str:
    """Return why an inactive hook gets nothing; without a `state` there is no such hook."""
    if state is None or state == "removed":
        return "the hook was deleted"
    return f"the hook is disabled: {reason}" if reason else "the hook is disabled"


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float:
    """Read `Retry-After` (seconds or an HTTP date), 0 to a day; 0 when it is not there or unreadable."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_SECONDS_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_SECONDS_MAX)


def open_seconds(failures: int, jitter: float) -> float:
    """The pause before the next probe after so many consecutive failures; 0 while the breaker is closed."""
    beyond = failures - FAILURES_TO_OPEN
    if beyond < 0:
        return 0.0
    pause = min(OPEN_SECONDS_FIRST * 2.0 ** min(beyond, 16), OPEN_SECONDS_MAX)
    return pause * (1 + JITTER * (2 * jitter - 1))


def signing_key(secret: str) -> bytes:
    """The bytes behind a `whsec_...` secret.

    Raises:
        ValueError: it is none.
    """
    try:
        return b64decode(secret.removeprefix(SECRET_MARK), validate=True)
    except Base64Error as error:
        raise ValueError("not a whsec_ secret") from error


def signed_headers(
    event_id: UUID, body: bytes, *, keys: Sequence[bytes], moment: datetime, content_type: str = "application/json"
) -> dict[str, str]:
    """The headers of one attempt: the event's id, this attempt's time, and a signature by each key (newest first)."""
    stamp = str(int(moment.timestamp()))
    content = b".".join((str(event_id).encode(), stamp.encode(), body))
    signatures = (b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "Content-Type": content_type,
        "webhook-id": str(event_id),
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def excerpt(body: bytes) -> str:
    """The start of a response as storable text: at most 2 KiB, without NUL."""
    return clean_text(body[:EXCERPT_BYTES_MAX])
