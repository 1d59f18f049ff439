"""Sign people in and out: a password, a code of the second factor, and the cookie of a session.

The cookie is HttpOnly and SameSite=Lax. A request that changes something also carries the session's CSRF token, which
only pages of our own can read (OWASP: synchronizer token), so that no other site can act for the person.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

from chassis.encryption import Encryptor
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from ingress.access import session_store, totp, user_store
from ingress.access.credentials import csrf_token, digest, new_session_secret
from ingress.access.passwords import Hasher
from ingress.access.user_store import Login, Membership
from ingress.errors import Forbidden, InvalidInput, SecondFactorRequired, Unauthorized
from ingress.http.rate_limiter import Limits
from storage.pool import Connection, Pool

SESSION_COOKIE: Final = "ledgerwire_session"
CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE: Final = frozenset({"GET", "HEAD"})
_WRONG: Final = "the name or the password is wrong"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; only the cookie has its secret."""

    secret: str
    session_id: UUID
    login: Login
    account: Membership
    accounts: list[Membership]
    expires_at: datetime


class SignIn:
    """Checks names and passwords, within the rates of one name and one address."""

    def __init__(self, pool: Pool, limits: Limits, encryptor: Encryptor) -> None:
        self._pool, self._limits, self._encryptor = pool, limits, encryptor
        self.hasher: Final = Hasher()

    async def sign_in(
        self, *, name: str, password: str, code: str | None, account_id: UUID | None, address: str | None
    ) -> SignedIn:
        """Begin a session.

        Raises:
            Unauthorized: the name, the password or the code is wrong; SecondFactorRequired; TooManyRequests; Forbidden:
            the person belongs to no account, or not to that one.
        """
        self._limits.sign_in_address.admit(address)
        login = await self.check_password(name=name, password=password)
        async with self._pool.acquire() as conn, conn.transaction():
            await self.check_second_factor(conn, login.id, code)
            return await self._begin(conn, login, account_id, address)

    async def check_password(self, *, name: str, password: str) -> Login:
        """Return the login with this name and password.

        Raises:
            Unauthorized: one is wrong, and the message does not say which; TooManyRequests.
        """
        login_name = name.lower()
        self._limits.sign_in_name.check(login_name)
        login = await user_store.find_login(self._pool, name=name)
        if not await self.hasher.is_right(login.password_hash if login else None, password) or login is None:
            self._limits.sign_in_name.admit(login_name)
            raise Unauthorized(_WRONG)
        return login

    async def check_second_factor(self, conn: Connection, user_id: UUID, code: str | None) -> None:
        """Check a code of the person's second factor, if they have one: each is valid once.

        Raises:
            SecondFactorRequired: there is no code; Unauthorized: it is wrong, or was used; TooManyRequests.
        """
        login = await user_store.lock_login(conn, user_id=user_id)
        if login is None or login.totp_secret is None:
            return
        if code is None:
            raise SecondFactorRequired("send the code that the app shows, or a recovery code, as `code`")
        login_name = login.name.lower()
        self._limits.sign_in_name.check(login_name)
        secret = totp.read_secret(self._encryptor.open(login.totp_secret)) or b""
        step = totp.step_of(secret, code, now=time.time(), after=login.totp_step)
        left = totp.without_recovery_code(login.recovery_hashes, code) if step is None else login.recovery_hashes
        if left is None:
            self._limits.sign_in_name.admit(login_name)
            raise Unauthorized("the code is wrong, or was used before")
        await user_store.set_second_factor(
            conn, user_id=user_id, secret=login.totp_secret, step=step or login.totp_step, recovery_hashes=left
        )

    async def use_second_factor(self, *, user_id: UUID, secret: str, code: str) -> list[str]:
        """Require codes of this secret from now on; return the recovery codes.

        Raises:
            InvalidInput: the code is not one of the secret.
        """
        known = totp.read_secret(secret)
        step = totp.step_of(known, code, now=time.time(), after=None) if known else None
        if step is None:
            raise InvalidInput(faults=[FieldError("code", "is not a valid code of this secret: check the clock")])
        codes = totp.new_recovery_codes()
        async with self._pool.acquire() as conn:
            await user_store.set_second_factor(
                conn, user_id=user_id, secret=self._encryptor.encrypt(secret), step=step,
                recovery_hashes=[digest(one) for one in codes],
            )  # fmt: skip
        return codes

    async def _begin(self, conn: Connection, login: Login, account_id: UUID | None, address: str | None) -> SignedIn:
        accounts = await user_store.memberships_of(conn, user_id=login.id)
        account = next((one for one in accounts if account_id in {None, one.account_id}), None)
        if account is None:
            raise Forbidden("this person does not belong to the account: an owner can add them at /v1/users")
        secret, identifier = new_session_secret(), new_id()
        expires_at = await session_store.insert(
            conn, identifier=identifier, secret_hash=digest(secret), user_id=login.id, account_id=account.account_id,
            address=address,
        )  # fmt: skip
        await user_store.note_sign_in(conn, user_id=login.id)
        return SignedIn(secret, identifier, login, account, accounts, expires_at)


def check_csrf(request: web.Request, secret: str, given: str | None = None) -> None:
    """Refuse a change that does not come from a page of the session; `given` is the token of a form.

    Raises:
        Forbidden: the CSRF token is missing or wrong.
    """
    if request.method in _SAFE:
        return
    given = request.headers.get(CSRF_HEADER, "") if given is None else given
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), csrf_token(secret).encode()):
        raise Forbidden(f"send the session's csrf_token in the header {CSRF_HEADER}")


def is_from_our_pages(request: web.Request, base: str) -> bool:
    """Whether a form without a session was posted by one of our pages, judged by the browser's headers."""
    origin = request.headers.get("Origin")
    if origin not in {None, "null"}:
        return origin == base.rstrip("/") or urlsplit(origin or "").netloc == request.host
    return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def set_cookie(secret: str, *, secure: bool) -> str:
    """The `Set-Cookie` of a new session; the browser drops it when it closes, the server when it expires."""
    return f"{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")


def clear_cookie() -> str:
    """The `Set-Cookie` that ends it."""
    return f"{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
