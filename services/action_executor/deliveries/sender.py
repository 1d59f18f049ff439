"""Make one attempt: look the hook up, sign, call, judge. The call between "prepare" and "settle"."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from action_executor.deliveries.hook_cache import Hook, HookCache
from action_executor.deliveries.records import ClaimedDelivery, HookLimits, Key
from action_executor.deliveries.rules import (
    Cancelled,
    GivenUp,
    HookGone,
    Succeeded,
    TryAgain,
    Verdict,
    judge,
    rejection_reason,
    signed_headers,
)
from action_executor.http_client import OutboundHttpClient, OutboundRequest, OutboundResponse, TransportError
from storage.transient import is_transient

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempted:
    """The result of an attempt.

    `asked`: the receiver was called; `seconds`: for how long. `version` is the called hook's: the result counts for it
    only.
    """

    verdict: Verdict
    started_at: datetime
    finished_at: datetime
    seconds: float = 0.0
    result: OutboundResponse | TransportError | None = None
    requested: bool = False
    version: int = 0
    limits: HookLimits | None = None  # the hook's own as they were read
    outdated: bool = False  # the hook had changed when the response arrived


class Sender:
    """Makes attempts."""

    def __init__(self, http_client: OutboundHttpClient, book: HookCache, *, schedule: Sequence[float]) -> None:
        self._outward, self._book, self._schedule = http_client, book, schedule

    def expect(self, key: Key) -> None:
        """Prepare for an attempt that follows soon."""
        self._book.prefetch(key)

    def outdate(self, key: Key, version: int) -> None:
        """Use no target and no secret of a version of the hook before this one."""
        self._book.outdate(key, version)

    async def attempt(self, item: ClaimedDelivery) -> Attempted:
        """Make the next attempt of a delivery.

        Raises:
            OSError, asyncpg.PostgresError: the hook could not be looked up; nothing was sent.
        """
        hook = await self._book.get(item.key)
        if hook is None or not hook.active:
            hook = await self._book.get(item.key, fresh=True)  # it may just have been made, or enabled again
        began, started_at = time.monotonic(), datetime.now(tz=UTC)
        if hook is None or not hook.active:
            reason = rejection_reason(hook.state if hook else None, hook.reason if hook else None)
            return Attempted(Cancelled(reason), started_at, started_at)
        requested = hook.fault is None
        result = await self._send(item, hook, started_at) if hook.fault is None else TransportError(hook.fault)
        seconds, finished_at = time.monotonic() - began, datetime.now(tz=UTC)
        verdict = judge(
            result,
            schedule_position=item.schedule_position,
            schedule=self._schedule,
            jitter=random.random(),  # noqa: S311  jitter, no secret
            now=finished_at,
        )
        outdated = not isinstance(verdict, Succeeded) and await self._has_changed(item.key, hook, verdict)
        if outdated and isinstance(verdict, TryAgain | GivenUp | HookGone):
            # A response of the former target says nothing about the current one.
            verdict = TryAgain(f"{verdict.reason}; the hook has changed since", 0.0)
        return Attempted(
            verdict, started_at, finished_at, seconds, result, requested, hook.version, hook.limits, outdated
        )

    async def _has_changed(self, key: Key, called: Hook, verdict: Verdict) -> bool:
        """Whether the hook has another target or secret than the called one; reloaded if the result ends the hook."""
        try:
            hook = await self._book.get(key, fresh=isinstance(verdict, HookGone | GivenUp))
        except Exception as error:
            if not is_transient(error):
                raise
            return False  # the dispatcher refuses what is outdated
        return hook is not None and hook.active and hook.version != called.version

    async def _send(self, item: ClaimedDelivery, hook: Hook, moment: datetime) -> OutboundResponse | TransportError:
        headers = signed_headers(item.event_id, item.body, keys=hook.keys_at(moment), moment=moment)
        return await self._outward.call(OutboundRequest("POST", hook.target_url, headers, item.body))
