"""Decide what becomes of a promise to pay: pure, from what came in and the account's calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from contracts.primitives.durations import DAYS_MAX
from ledger.collections.durations import shifted, start_of
from ledger.collections.promises.models import Paid, Promise

JUDGED: Final = frozenset({"open", "kept"})
"""States that a payment or its reversal may still change, until the day is over."""


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which a promise for this day is over: after 23:59:59 in the account's zone."""
    return start_of(shifted(day, days=1), zone)


def date_fault(day: date, *, today: date) -> str | None:
    """What is wrong with a promised day, if anything."""
    if day < today:
        return "is over: a promise is for today or later"
    if day > shifted(today, days=DAYS_MAX):
        return "is more than ten years ahead"
    return None


def judged(promise: Promise, paid: Paid, zone: ZoneInfo, *, now: datetime) -> Promise:
    """The promise as it stands at a moment; the same one where nothing is to be decided on it any more."""
    if promise.state not in JUDGED:
        return promise
    ends_at = end_of(promise.date, zone)
    is_over = now >= ends_at
    if promise.state == "kept" and is_over:
        return replace(promise, check_at=None)
    if paid.paid_minor >= paid.needed_minor or paid.open_minor <= 0:
        return replace(promise, state="kept", ends_at=ends_at, check_at=None, ended_at=now, updated_at=now)
    if is_over:
        return replace(promise, state="broken", ends_at=ends_at, check_at=None, ended_at=now, updated_at=now)
    return replace(promise, state="open", ends_at=ends_at, check_at=ends_at, ended_at=None, updated_at=now)


def cancelled(promise: Promise, *, now: datetime) -> Promise:
    """An open promise that is taken back."""
    return replace(promise, state="cancelled", check_at=None, ended_at=now, updated_at=now)
