"""The bounds around requests: rates, bodies, pages and what names can be made of."""

from __future__ import annotations

from uuid import UUID

import pytest

from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from ingress.access.credentials import (
    digest,
    new_access_token,
    new_channel_secret,
    new_key_pair,
    new_password,
)
from ingress.errors import ApiError, InvalidInput, TooManyRequests, Unavailable
from ingress.http.body import is_json
from ingress.http.body_memory import SMALL_BYTES, BodyMemoryLimiter
from ingress.http.rate_limiter import KEYS_MAX, RateLimiter
from ingress.routes import ROUTES


def test_an_account_gets_its_burst_and_then_waits() -> None:
    rates, account = RateLimiter(per_second=5), new_id()
    for _ in range(10):
        rates.admit(account)
    with pytest.raises(TooManyRequests) as reported:
        rates.admit(account)
    assert reported.value.headers == {"Retry-After": "1"}
    rates.admit(new_id())


def test_rates_remember_a_bounded_number_of_keys() -> None:
    rates = RateLimiter(per_second=1)
    for number in range(KEYS_MAX + 50):
        rates.admit(UUID(int=number))
    assert len(rates._buckets) == KEYS_MAX


def test_a_key_that_is_checked_is_not_counted() -> None:
    rates, key = RateLimiter(per_second=1, burst_seconds=1), "192.0.2.1"
    for _ in range(3):
        rates.check(key)
    rates.admit(key)
    with pytest.raises(TooManyRequests):
        rates.check(key)
    rates.check("192.0.2.2")


def test_bodies_being_read_are_bounded_together() -> None:
    budget = BodyMemoryLimiter(bytes_max=100)
    with budget.hold() as one, budget.hold() as other:
        one.add(60)
        other.add(40)
        with pytest.raises(Unavailable):
            other.add(1)
    with budget.hold() as one:
        one.add(100)


def test_an_account_and_a_channel_have_their_share_of_the_bodies_being_read() -> None:
    budget = BodyMemoryLimiter(bytes_max=100, account_bytes_max=40, channel_bytes_max=20)
    with budget.hold() as by_channel, budget.hold() as by_token, budget.hold() as of_another:
        by_channel.owners, by_token.owners, of_another.owners = ("account", "channel"), ("account",), ("another",)
        by_channel.add(20)
        with pytest.raises(TooManyRequests):
            by_channel.add(1)
        by_token.add(20)
        with pytest.raises(TooManyRequests):
            by_token.add(1)
        of_another.add(40)
    assert (budget._held, budget._shares) == (0, {})


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/merge-patch+json", True),
        ("application/json; profile=x", True),
        ("application/json; charset=utf-16", False),
        ("text/json", False),
        ("", False),
    ],
)
def test_json_is_detected_by_its_content_type(content_type: str, taken: bool) -> None:  # noqa: FBT001
    assert is_json(content_type) is taken


def test_secrets_are_long_and_never_the_same() -> None:
    tokens = {new_access_token() for _ in range(50)}
    assert len({digest(token) for token in tokens}) == 50
    assert all(token.startswith("lw_") and len(token) >= 46 for token in tokens)
    assert len({new_channel_secret() for _ in range(50)} | {new_password() for _ in range(50)}) == 100
    assert all(len(part) >= 20 for part in new_key_pair())


def test_every_error_has_a_title_a_code_and_a_status_of_its_kind() -> None:
    def kinds(base: type[ApiError]) -> list[type[ApiError]]:
        return [base, *(kind for child in base.__subclasses__() for kind in kinds(child))]

    every = kinds(ApiError)
    assert len({kind.code for kind in every}) == len(every)
    assert all(kind("x").title[-1] != "." and 400 <= kind.http_status < 600 for kind in every)


def test_the_detail_names_the_first_fault_unless_there_is_a_better_one() -> None:
    faults = [FieldError("lines", "must have at most 500 of them"), FieldError("date", "is required")]
    assert InvalidInput(faults=faults).detail == "lines must have at most 500 of them"
    assert InvalidInput("the file has no lines", faults=faults).detail == "the file has no lines"


def test_no_two_routes_are_the_same_and_none_ends_in_a_slash() -> None:
    named = [(route.method, route.path) for route in ROUTES]
    assert len(set(named)) == len(named)
    assert not [path for _, path in named if path.endswith("/")]


def test_only_channels_documentation_and_sign_in_need_no_credential() -> None:
    open_routes = {route.path for route in ROUTES if route.is_open and not route.path.startswith("/ext/")}
    by_a_secret = {"/v1/session", "/v1/password-resets", "/v1/password-resets/redeem", "/v1/setup"}
    assert open_routes <= {"/openapi.json", "/docs"} | by_a_secret


def test_large_bodies_leave_room_for_ordinary_ones() -> None:
    budget = BodyMemoryLimiter(bytes_max=8 * SMALL_BYTES)
    with budget.hold() as first, budget.hold() as second, budget.hold() as third:
        first.add(5 * SMALL_BYTES)
        with pytest.raises(Unavailable):
            second.add(2 * SMALL_BYTES)
        third.add(SMALL_BYTES)
