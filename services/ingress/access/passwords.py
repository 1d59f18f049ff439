"""Hash and check passwords: argon2id in threads, few at a time, so that sign-ins cannot exhaust a small machine."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Annotated, Final

from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import StringConstraints

from ingress.access.credentials import PASSWORDS

PASSWORD_CHARS_MIN: Final = 12  # NIST SP 800-63B requires 8 beside a second factor and 15 alone
PASSWORD_CHARS_MAX: Final = 200  # a sentence; longer ones only cost time to hash
HASHING_MAX: Final = 2  # at a time: 19 MiB and 20 ms of a processor each

Password = Annotated[str, StringConstraints(min_length=PASSWORD_CHARS_MIN, max_length=PASSWORD_CHARS_MAX)]
GivenPassword = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARS_MAX)]


@cache
def _of_no_one() -> str:
    """The hash for unknown names, so that a response takes as long as for a known one."""
    return PASSWORDS.hash("no one has this password")


class Hasher:
    """Hashes and verifies, `HASHING_MAX` at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(HASHING_MAX)

    async def hash(self, password: str) -> str:
        """The argon2id hash of a password, with its salt and costs."""
        async with self._turns:
            return await asyncio.to_thread(PASSWORDS.hash, password)

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether the password has this hash; False without one."""
        async with self._turns:
            right = await asyncio.to_thread(_verify, password_hash, password)
        return right and password_hash is not None


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return PASSWORDS.verify(password_hash or _of_no_one(), password)
    except (VerificationError, InvalidHashError):
        return False
