"""What an attempt's result means, when the next is due, how a request is signed."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from action_executor.deliveries.rules import (
    GivenUp,
    HookGone,
    Succeeded,
    TryAgain,
    Verdict,
    excerpt,
    judge,
    open_seconds,
    retry_after_seconds,
    signed_headers,
    signing_key,
)
from action_executor.http_client import OutboundResponse, TransportError
from action_executor.settings import ExecutorSettings
from chassis.settings import SettingsError
from contracts.primitives.ids import new_id

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SCHEDULE = (0, 5, 300, 1800)


def verdict(status: int | None = None, *, schedule_position: int = 0, jitter: float = 0.5, **headers: str) -> Verdict:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    result = TransportError("no answer in time") if status is None else OutboundResponse(status, named, b"")
    return judge(result, schedule_position=schedule_position, schedule=SCHEDULE, jitter=jitter, now=NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_success(status: int) -> None:
    assert verdict(status) == Succeeded()


@pytest.mark.parametrize("status", [100, 199, 300, 301, 304, 400, 401, 404, 429, 500, 503, 599, None])
def test_anything_else_follows_the_schedule(status: int | None) -> None:
    again = verdict(status)
    assert isinstance(again, TryAgain)
    assert again.seconds == 5


def test_a_410_ends_the_hook_whatever_is_left_of_the_schedule() -> None:
    assert isinstance(verdict(410), HookGone)
    assert isinstance(verdict(410, schedule_position=3), HookGone)


def test_the_schedule_is_followed_to_its_end_with_jitter() -> None:
    pauses = [verdict(500, schedule_position=schedule_position) for schedule_position in range(4)]
    assert [one.seconds for one in pauses if isinstance(one, TryAgain)] == [5, 300, 1800]
    assert pauses[3] == GivenUp("answered 500; given up after 4 tries")
    soonest, latest = verdict(500, jitter=0.0), verdict(500, jitter=0.999999)
    assert isinstance(soonest, TryAgain)
    assert isinstance(latest, TryAgain)
    assert (soonest.seconds, round(latest.seconds, 3)) == (4, 6)


def test_the_usual_schedule_is_the_one_of_the_design() -> None:
    hours = [0, 5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]
    settings = ExecutorSettings(postgres_dsn="x", secret_keys="x")
    assert [seconds / 3600 for seconds in settings.hook_schedule_seconds] == pytest.approx(hours)


def test_retry_after_delays_but_never_hurries_and_is_bounded() -> None:
    for asked, seconds in (("60", 60), ("1", 5), ("999999999999", 86_400), ("-5", 5), ("soon", 5), ("", 5), ("1.5", 5)):
        again = verdict(429, Retry_After=asked)
        assert isinstance(again, TryAgain)
        assert again.seconds == seconds, asked


def test_a_busy_receiver_lets_its_whole_hook_rest_and_others_do_not() -> None:
    busy, plain = verdict(503, Retry_After="3600"), verdict(500, Retry_After="3600")
    assert isinstance(busy, TryAgain)
    assert isinstance(plain, TryAgain)
    assert (busy.seconds, busy.hook_pause_seconds) == (3600, 900)
    assert (plain.seconds, plain.hook_pause_seconds) == (3600, 0)


def test_retry_after_may_be_a_date() -> None:
    assert retry_after_seconds({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, NOW) == 90
    assert retry_after_seconds({"Retry-After": format_datetime(NOW - timedelta(days=9), usegmt=True)}, NOW) == 0
    assert retry_after_seconds({"Retry-After": "Mon, 99 Foo 2026"}, NOW) == 0


@given(st.text(max_size=60))
def test_retry_after_is_read_whatever_it_says(text: str) -> None:
    assert 0 <= retry_after_seconds({"Retry-After": text}, NOW) <= 86_400


def test_the_breaker_opens_after_ten_failures_for_longer_and_longer_within_bounds() -> None:
    assert [open_seconds(failures, 0.5) for failures in (1, 9, 10, 11, 12, 40, 5000)] == [0, 0, 2, 4, 8, 300, 300]


@given(st.binary(max_size=500), st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=2))
def test_each_secret_verifies_by_the_standards_own_library(body: bytes, secrets: list[bytes]) -> None:
    text = b'{"a": "' + body.hex().encode() + b'"}'
    moment = datetime.now(tz=UTC)
    headers = signed_headers(new_id(), text, keys=secrets, moment=moment)
    for secret in secrets:
        Webhook(f"whsec_{b64encode(secret).decode()}").verify(text, headers)


def test_a_secret_is_read_with_its_mark_and_refused_when_it_is_none() -> None:
    assert signing_key("whsec_c2VjcmV0") == b"secret"
    with pytest.raises(ValueError, match="whsec"):
        signing_key("whsec_no base64!")


@given(st.binary(max_size=5000))
def test_an_excerpt_is_text_that_postgres_takes(body: bytes) -> None:
    kept = excerpt(body)
    assert "\x00" not in kept
    assert len(kept) <= 2048


@pytest.mark.parametrize(
    ("name", "value", "reported"),
    [
        ("HOOK_SCHEDULE_SECONDS", "", "must name 1 to 100 pauses"),
        ("HOOK_SCHEDULE_SECONDS", "0,-1", "each pause must be"),
        ("HOOK_SCHEDULE_SECONDS", "5,300", "must begin with 0"),
        ("HOOK_SCHEDULE_SECONDS", "0,soon", "valid number"),
        ("HOOK_LEASE_SECONDS", "20", "must outlast the longest attempt"),
        ("RUN_LEASE_SECONDS", "20", "must outlast the longest attempt"),
        ("EGRESS_ALLOW", "10.0.0.0/99", "neither"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reported: str
) -> None:
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_DSN", "postgresql://x")
    monkeypatch.setenv("LEDGERWIRE_SECRET_KEYS", "x")
    monkeypatch.setenv(f"LEDGERWIRE_{name}", value)
    with pytest.raises(SettingsError, match=reported):
        ExecutorSettings.read()


def test_a_schedule_is_read_from_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERWIRE_POSTGRES_DSN", "postgresql://x")
    monkeypatch.setenv("LEDGERWIRE_SECRET_KEYS", "x")
    monkeypatch.setenv("LEDGERWIRE_HOOK_SCHEDULE_SECONDS", "0, 0.5,300")
    assert ExecutorSettings.read().hook_schedule_seconds == (0, 0.5, 300)
