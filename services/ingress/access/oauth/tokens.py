"""`/oauth/token` and `/oauth/revoke`: issue tokens for a code or a refresh token, and revoke grants."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NoReturn
from urllib.parse import unquote_plus
from uuid import UUID

from contracts.wire.commands import DELETE_HOOKS_OF_CREDENTIAL
from ingress.access.credentials import digest, new_oauth_tokens, new_user_token
from ingress.access.oauth import store
from ingress.access.oauth.authorize import read_form, resources_of
from ingress.access.oauth.rules import Client, OAuthError, check_resource, scopes_of, verifies
from ingress.access.session_store import SESSION_HOURS
from ingress.http.context import Api
from ingress.http.route import Request, Response
from ingress.scopes import Scope
from storage.pool import Connection

_UNAUTHORIZED: Final = 401
_ID_CHARS_MAX: Final = 100  # characters of an unknown client id that the rate limit counts


class _Reused(Exception):
    """A code or a refresh token was used twice: its tokens must end."""

    def __init__(self, account_id: UUID, grant_id: UUID) -> None:
        super().__init__()
        self.account_id, self.grant_id = account_id, grant_id


async def token(api: Api, call: Request) -> Response:
    """POST `/oauth/token` (RFC 6749, 4.1.3 and 6)."""
    return await _answering(api, call, _token)


async def revoke(api: Api, call: Request) -> Response:
    """POST `/oauth/revoke` (RFC 7009): either token ends the grant with all its tokens, and deletes its hooks.

    An unknown token is no error (2.2): there is nothing left to end.
    """
    return await _answering(api, call, _revoke)


async def _token(api: Api, call: Request, form: Mapping[str, str]) -> Response:
    client = await _authenticated(api, call, form)
    check_resource(form.get("resource"), resources_of(api))
    give = {"authorization_code": _redeem, "refresh_token": _refresh}.get(form.get("grant_type", ""))
    if give is None:
        raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
    try:
        async with api.pool.acquire() as conn, conn.transaction():
            return Response(200, await give(conn, client, form))
    except _Reused as reused:
        await end_grant(api, call, account_id=reused.account_id, grant_id=reused.grant_id)
        raise OAuthError("invalid_grant", "it was used before: the application must ask for consent again") from None


async def _redeem(conn: Connection, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
    """Issue tokens for a code, once (RFC 6749, 4.1.2); the verifier proves the code's owner (RFC 7636, 4.6)."""
    secret_hash = digest(form.get("code", ""))
    code = await store.lock_code(conn, secret_hash=secret_hash)
    if code is None or code.client_id != client.id:
        _invalid_grant("the code is unknown")
    if code.used:
        raise _Reused(code.account_id, code.grant_id)
    if code.ended:
        _invalid_grant("the code has expired")
    if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        _invalid_grant("redirect_uri differs from that of the authorization request")
    if not verifies(code.code_challenge, form.get("code_verifier", "")):
        _invalid_grant("code_verifier does not match code_challenge")
    await store.use_code(conn, secret_hash=secret_hash, code=code)
    if client.first_party:
        return await _give_of_session(conn, code.account_id, code.grant_id, code.scopes)
    return await _give(conn, code.account_id, code.grant_id, code.scopes, code.scopes)


async def _refresh(conn: Connection, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
    """Issue new tokens for a refresh token, which is used up (RFC 9700, 4.14.2: rotation)."""
    secret_hash = digest(form.get("refresh_token", ""))
    known = await store.lock_token(conn, secret_hash=secret_hash)
    if known is None or known.kind != "refresh" or known.client_id != client.id:
        _invalid_grant("the refresh token is unknown")
    if known.used:
        raise _Reused(known.account_id, known.grant_id)
    if known.ended:
        _invalid_grant("the refresh token has expired")
    scopes = scopes_of(form["scope"]) if form.get("scope") else known.scopes
    if not set(scopes) <= set(known.scopes):
        raise OAuthError("invalid_scope", "the scopes must be among those that were consented to (RFC 6749, 6)")
    await store.use_token(conn, secret_hash=secret_hash)
    return await _give(conn, known.account_id, known.grant_id, scopes, known.scopes)


async def _give(
    conn: Connection, account_id: UUID, grant_id: UUID, access_scopes: Sequence[Scope], scopes: Sequence[Scope]
) -> dict[str, Any]:
    access, refresh = new_oauth_tokens()
    await store.insert_tokens(
        conn, account_id=account_id, grant_id=grant_id, access_hash=digest(access), refresh_hash=digest(refresh),
        access_scopes=access_scopes, scopes=scopes,
    )  # fmt: skip
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": store.ACCESS_SECONDS,
        "refresh_token": refresh,
        "scope": " ".join(access_scopes),
    }


async def _give_of_session(
    conn: Connection, account_id: UUID, grant_id: UUID, scopes: Sequence[Scope]
) -> dict[str, Any]:
    """The access token of a first-party client: it ends with the person's session, so that none refreshes it."""
    access = new_user_token()
    await store.insert_user_token(
        conn, account_id=account_id, grant_id=grant_id, secret_hash=digest(access), scopes=scopes, hours=SESSION_HOURS
    )
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": SESSION_HOURS * 3_600,
        "scope": " ".join(scopes),
    }


async def _revoke(api: Api, call: Request, form: Mapping[str, str]) -> Response:
    client = await _authenticated(api, call, form)
    async with api.pool.acquire() as conn, conn.transaction():
        known = await store.lock_token(conn, secret_hash=digest(form.get("token", "")))
    if known is not None and known.client_id != client.id:
        raise OAuthError("invalid_grant", "the token was issued to another client (RFC 7009, 2.1)")
    if known is not None:
        await end_grant(api, call, account_id=known.account_id, grant_id=known.grant_id)
    return Response(200, {})


async def end_grant(api: Api, call: Request, *, account_id: UUID, grant_id: UUID) -> bool:
    """End an application's tokens at this commit, and delete its hooks; False when there is no such grant."""
    call.account = account_id
    ended = False

    async def work(conn: Connection) -> None:
        nonlocal ended
        ended = await store.delete_grant(conn, account_id=account_id, identifier=grant_id)

    await api.submit_with(call, DELETE_HOOKS_OF_CREDENTIAL, {"credential_id": str(grant_id)}, work)
    return ended


async def _authenticated(api: Api, call: Request, form: Mapping[str, str]) -> Client:
    """Authenticate the client (RFC 6749, 2.3): by Basic, by its fields, or public, by its id alone.

    Raises:
        OAuthError: invalid_client; TooManyRequests: too many of them from this address, or for this client.
    """
    client_id, secret = _basic(call.headers.get("Authorization", "")) or (
        form.get("client_id", ""),
        form.get("client_secret"),
    )
    limited_keys = (call.request.remote, client_id[:_ID_CHARS_MAX])
    for key in limited_keys:
        api.limits.wrong.check(key)
    client = await store.find_client(api.pool, client_id=client_id) if client_id.isascii() and client_id else None
    if client is None or not _is_right(client, secret):
        for key in limited_keys:
            api.limits.wrong.admit(key)
        raise OAuthError("invalid_client", "the client or its secret is unknown", status=_UNAUTHORIZED)
    return client


def _is_right(client: Client, secret: str | None) -> bool:
    if client.secret_hash is None:
        return not secret
    return secret is not None and hmac.compare_digest(client.secret_hash, digest(secret))


def _basic(header: str) -> tuple[str, str] | None:
    """Id and secret of `Authorization: Basic`, each form-encoded (RFC 6749, 2.3.1)."""
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(credential, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _invalid_grant(why: str) -> NoReturn:
    raise OAuthError("invalid_grant", why)


async def _answering(
    api: Api, call: Request, give: Callable[[Api, Request, Mapping[str, str]], Awaitable[Response]]
) -> Response:
    """Run the handler; return its response, or the error in the form of RFC 6749, 5.2."""
    try:
        return await give(api, call, await read_form(call))
    except OAuthError as fault:
        return error_answer(fault)


def error_answer(fault: OAuthError) -> Response:
    """An error as JSON (RFC 6749, 5.2)."""
    headers = {"WWW-Authenticate": 'Basic realm="ledgerwire"'} if fault.status == _UNAUTHORIZED else {}
    return Response(fault.status, {"error": fault.error, "error_description": fault.description}, headers)
