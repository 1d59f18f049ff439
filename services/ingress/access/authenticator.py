"""Authenticate a request: an access token, a pair of API key and API token in headers or query, or a session."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from aiohttp import web

from ingress.access import credential_store, session_store
from ingress.access.credential_store import KeyPair, Token
from ingress.access.credentials import OAUTH_PREFIX, SESSION_PREFIX, TOKEN_PREFIX, USER_PREFIX, digest
from ingress.access.oauth import store as oauth
from ingress.access.session_store import Session
from ingress.access.sessions import SESSION_COOKIE, check_csrf
from ingress.errors import Unauthorized
from ingress.http.rate_limiter import RateLimiter
from ingress.http.route import Caller
from ingress.scopes import ALL_SCOPES, SCOPES_OF_ROLE
from storage.data_loader import DataLoader
from storage.pool import Pool

CREDENTIAL_CHARS_MAX: Final = 200
RIGHT_MAX: Final = 10_000  # valid credentials for the rate limit, about 1.5 MiB; each is looked up anyway
USED_MAX: Final = 10_000  # collected in memory between two writes of "last used"

_HOW: Final = "send Authorization: Bearer lw_..., or APIKey and APIToken as headers or query parameters"
_INVALID: Final = {"WWW-Authenticate": 'Bearer realm="ledgerwire", error="invalid_token"'}


class Authenticator:
    """Looks each credential up in the database, so that deleted ones are refused at once."""

    def __init__(self, pool: Pool, wrong: RateLimiter, *, seconds_max: float) -> None:
        self._pool = pool
        self._wrong = wrong
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._tokens: DataLoader[bytes, Token] = DataLoader(self._find_tokens, seconds_max=seconds_max)
        self._pairs: DataLoader[str, KeyPair] = DataLoader(self._find_pairs, seconds_max=seconds_max)
        self._sessions: DataLoader[bytes, Session] = DataLoader(self._find_sessions, seconds_max=seconds_max)
        self._user_tokens: DataLoader[bytes, Session] = DataLoader(
            lambda hashes: session_store.find_live_by_token(pool, hashes), seconds_max=seconds_max
        )
        self._used_sessions: set[UUID] = set()
        self._applications: DataLoader[bytes, oauth.Access] = DataLoader(
            lambda hashes: oauth.find_access(pool, hashes), seconds_max=seconds_max
        )
        self._used_grants: set[UUID] = set()
        self._used_tokens: set[UUID] = set()
        self._used_pairs: set[UUID] = set()

    async def _find_tokens(self, hashes: Sequence[bytes]) -> Mapping[bytes, Token]:
        return await credential_store.find_tokens(self._pool, hashes)

    async def _find_pairs(self, keys: Sequence[str]) -> Mapping[str, KeyPair]:
        return await credential_store.find_key_pairs(self._pool, keys)

    async def _find_sessions(self, hashes: Sequence[bytes]) -> Mapping[bytes, Session]:
        return await session_store.find_live(self._pool, hashes)

    async def caller_of(self, request: web.Request) -> Caller:
        """Return the request's caller.

        Raises:
            Unauthorized: unknown credentials; TooManyRequests: too many of them from this address, or for this key.
        """
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token = credential.strip()
            return await self._limited(request, token, "", lambda: self._by_token(token))
        pair = _pair_in(request.headers) or (_pair_in(request.query) if request.query_string else None)
        if pair is None and SESSION_COOKIE in request.cookies:
            return _person(await self.session_of(request))
        if pair is None:
            raise Unauthorized(_HOW)
        return await self._limited(request, "\0".join(pair), pair[0], lambda: self._by_pair(*pair))

    async def session_of(self, request: web.Request, *, csrf: str | None = None) -> Session:
        """The session of the browser that sent this request; `csrf` is the token of a form that it posted.

        A first-party client presents it by its access token, which no other site can make a browser send.

        Raises:
            Unauthorized: there is none, or it has ended; Forbidden: it would change something without the CSRF token;
            TooManyRequests.
        """
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and credential.strip().startswith(USER_PREFIX):
            return await self._by_user_token(credential.strip())
        secret = request.cookies.get(SESSION_COOKIE, "")
        found = None
        if secret.startswith(SESSION_PREFIX) and len(secret) <= CREDENTIAL_CHARS_MAX:
            found = await self._sessions.load(digest(secret))
        if found is None:
            if secret:
                self._wrong.admit(request.remote)
            raise Unauthorized("there is no session, or it has ended: sign in at /v1/session")
        check_csrf(request, secret, csrf)
        self._note_session(found)
        return found

    async def _by_user_token(self, text: str) -> Session:
        found = await self._user_tokens.load(digest(text)) if len(text) <= CREDENTIAL_CHARS_MAX else None
        if found is None:
            raise Unauthorized("the session of this access token has ended: sign in again", headers=_INVALID)
        self._note_session(found)
        return found

    def _note_session(self, session: Session) -> None:
        if len(self._used_sessions) < USED_MAX:
            self._used_sessions.add(session.id)

    async def _limited(
        self, request: web.Request, credential: str, name: str, find: Callable[[], Awaitable[Caller]]
    ) -> Caller:
        """Count wrong credentials by address and by `name`; beyond the limit only known valid ones are looked up."""
        seen, limited = digest(credential), (request.remote, *((name[:CREDENTIAL_CHARS_MAX],) if name else ()))
        if seen not in self._right:
            for key in limited:
                self._wrong.check(key)
        try:
            caller = await find()
        except Unauthorized:
            self._right.pop(seen, None)
            for key in limited:
                self._wrong.admit(key)
            raise
        self._right[seen] = None
        if len(self._right) > RIGHT_MAX:
            self._right.popitem(last=False)
        return caller

    async def _by_token(self, text: str) -> Caller:
        found = None
        if text.startswith(TOKEN_PREFIX) and len(text) <= CREDENTIAL_CHARS_MAX:
            found = await self._tokens.load(digest(text))
        elif text.startswith(USER_PREFIX):
            return _person(await self._by_user_token(text))
        elif text.startswith(OAUTH_PREFIX) and len(text) <= CREDENTIAL_CHARS_MAX:
            return await self._by_application(text)
        if found is None:
            raise Unauthorized("this access token is unknown, or was deleted", headers=_INVALID)
        if len(self._used_tokens) < USED_MAX:
            self._used_tokens.add(found.id)
        return Caller(found.account_id, "access_token", found.id, found.name, frozenset(found.scopes))

    async def _by_application(self, text: str) -> Caller:
        found = await self._applications.load(digest(text))
        if found is None:
            raise Unauthorized("this access token has expired: refresh it, or ask for consent again", headers=_INVALID)
        if len(self._used_grants) < USED_MAX:
            self._used_grants.add(found.grant_id)
        scopes = frozenset(found.scopes) & SCOPES_OF_ROLE[found.role]
        return Caller(found.account_id, "application", found.grant_id, found.client_name, scopes)

    async def _by_pair(self, api_key: str, api_token: str) -> Caller:
        found = None
        if api_key.isascii() and api_key.isprintable() and len(api_key) <= CREDENTIAL_CHARS_MAX:
            found = await self._pairs.load(api_key)
        if found is None or not hmac.compare_digest(found.secret_hash, digest(api_token)):
            raise Unauthorized("this pair of APIKey and APIToken is unknown, or was replaced")
        if len(self._used_pairs) < USED_MAX:
            self._used_pairs.add(found.id)
        return Caller(found.account_id, "key_pair", found.id, found.api_key, ALL_SCOPES)

    async def note_used(self) -> None:
        """Write the use of credentials since the last call."""
        tokens, self._used_tokens = self._used_tokens, set()
        pairs, self._used_pairs = self._used_pairs, set()
        sessions, self._used_sessions = self._used_sessions, set()
        grants, self._used_grants = self._used_grants, set()
        if grants:
            await oauth.touch(self._pool, grants=list(grants))
        if sessions:
            await session_store.touch(self._pool, sessions=list(sessions))
        if tokens or pairs:
            await credential_store.touch(self._pool, tokens=list(tokens), key_pairs=list(pairs))


def _person(session: Session) -> Caller:
    return Caller(session.account_id, "user", session.user_id, session.user_name, SCOPES_OF_ROLE[session.role])


def _pair_in(place: Mapping[str, str]) -> tuple[str, str] | None:
    api_key, api_token = place.get("APIKey"), place.get("APIToken")
    return (api_key, api_token) if api_key and api_token else None
