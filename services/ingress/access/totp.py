"""Codes of a second factor: TOTP (RFC 6238; SHA-1, 30 seconds, six digits, which all apps support), recovery codes."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import struct
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from ingress.access.credentials import digest

STEP_SECONDS: Final = 30  # RFC 6238, 5.2: recommended, and the only one that all apps have
DIGITS: Final = 6
DRIFT_STEPS_MAX: Final = 1  # RFC 6238, 5.2: one step back for delay; one ahead for clocks
SECRET_BYTES: Final = 20  # RFC 4226, 4: R6 recommends 160 bits
RECOVERY_CODES: Final = 10


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226, 4: R6)."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def read_secret(text: str) -> bytes | None:
    """The bytes of a secret that `new_secret` made; None when it is malformed."""
    try:
        secret = base64.b32decode(text)
    except (ValueError, binascii.Error):
        return None
    return secret if len(secret) == SECRET_BYTES else None


def uri(secret: str, *, name: str) -> str:
    """The URI that apps read as a QR code."""
    return f"otpauth://totp/Ledgerwire:{quote(name, safe='')}?secret={secret}&issuer=Ledgerwire"


def code_of(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226, 5.3)."""
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    at = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: bytes, code: str, *, now: float, after: int | None) -> int | None:
    """The step of this code, later than `after` (RFC 6238, 5.2: each is accepted once); None when there is none."""
    current = int(now // STEP_SECONDS)
    for step in range(current - DRIFT_STEPS_MAX, current + DRIFT_STEPS_MAX + 1):
        if (after is None or step > after) and hmac.compare_digest(code_of(secret, step), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, each of which replaces a code once."""
    made = (base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES))
    return [f"{code[:8]}-{code[8:]}" for code in made]


def without_recovery_code(hashes: Sequence[bytes], code: str) -> list[bytes] | None:
    """The hashes without that of this code; None when it is not one of them."""
    used = digest(code.lower())
    return [one for one in hashes if one != used] if used in hashes else None
