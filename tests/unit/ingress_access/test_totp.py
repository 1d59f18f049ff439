"""Codes of a second factor: the vectors of RFC 6238, and what must not count."""

from __future__ import annotations

import base64

import pytest

from ingress.access import totp
from ingress.access.credentials import digest

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("time", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (2000000000, "69279037")],
)
def test_the_vectors_of_rfc_6238_appendix_b(time: int, code: str) -> None:
    assert totp.code_of(SECRET, time // 30) == code[-6:]


def test_a_code_of_the_step_before_is_taken_and_one_of_two_before_is_not() -> None:
    assert totp.step_of(SECRET, totp.code_of(SECRET, 9), now=300, after=None) == 9
    assert totp.step_of(SECRET, totp.code_of(SECRET, 8), now=300, after=None) is None


def test_a_code_is_taken_once() -> None:
    assert totp.step_of(SECRET, totp.code_of(SECRET, 10), now=300, after=10) is None


def test_a_recovery_code_is_taken_once_in_any_case() -> None:
    codes = totp.new_recovery_codes()
    hashes = [digest(code) for code in codes]
    left = totp.without_recovery_code(hashes, codes[3].upper())
    assert left is not None
    assert len(left) == len(codes) - 1
    assert totp.without_recovery_code(left, codes[3]) is None


def test_a_secret_is_160_bits_in_base32() -> None:
    assert totp.read_secret(totp.new_secret())
    assert totp.read_secret(base64.b32encode(b"short").decode()) is None
    assert totp.read_secret("no base32!") is None
