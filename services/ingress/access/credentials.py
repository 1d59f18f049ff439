"""Generate credentials, and the digests that are stored of them: pure, no I/O."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

from argon2 import PasswordHasher

TOKEN_PREFIX: Final = "lw_"  # noqa: S105  identifies it for leak scanners and people
KEY_PREFIX: Final = "lwk_"
SESSION_PREFIX: Final = "lws_"
OAUTH_PREFIX: Final = "lwo_"
USER_PREFIX: Final = "lwu_"
REFRESH_PREFIX: Final = "lwr_"
INVITATION_PREFIX: Final = "lwi_"
SECRET_BYTES: Final = 32
CHANNEL_BYTES: Final = 24

# OWASP's choice for argon2id: 19 MiB and two passes, so that a few logins at once do not exhaust a small machine.
PASSWORDS: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def new_access_token() -> str:
    """`lw_` and 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def new_key_pair() -> tuple[str, str]:
    """An API key (a name, not a secret) and its API token of 256 random bits."""
    return KEY_PREFIX + secrets.token_hex(10), secrets.token_urlsafe(SECRET_BYTES)


def new_channel_secret() -> str:
    """192 random bits: the only protection of the inbox."""
    return secrets.token_urlsafe(CHANNEL_BYTES)


def new_session_secret() -> str:
    """`lws_` and 256 random bits."""
    return SESSION_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def new_oauth_tokens() -> tuple[str, str]:
    """An access token, `lwo_` and 256 random bits, and a refresh token, `lwr_` and as many."""
    return OAUTH_PREFIX + secrets.token_urlsafe(SECRET_BYTES), REFRESH_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def new_user_token() -> str:
    """`lwu_` and 256 random bits: a session's access token for a first-party client."""
    return USER_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def new_code() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_invitation() -> str:
    """`lwi_` and 256 random bits."""
    return INVITATION_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def csrf_token(session_secret: str) -> str:
    """The CSRF token of a session: derived from its secret, which no other site can read."""
    return base64.urlsafe_b64encode(digest("csrf\0" + session_secret)).rstrip(b"=").decode()


def new_password() -> str:
    """A password that a person can type: 80 random bits in four groups."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def digest(secret: str) -> bytes:
    """The stored digest of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
