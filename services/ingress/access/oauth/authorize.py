"""`/oauth/authorize`: sign a person in, ask for their consent, and send the browser back with a code or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote
from uuid import UUID

from contracts.primitives.ids import new_id, parse_id
from ingress.access import user_store
from ingress.access.credentials import csrf_token, digest, new_code
from ingress.access.oauth import pages, store
from ingress.access.oauth.rules import (
    AuthorizationRequest,
    Client,
    OAuthError,
    answer_uri,
    read_request,
    redirect_uri_of,
)
from ingress.access.oauth.texts import locale_of
from ingress.access.session_store import Session
from ingress.access.sessions import SESSION_COOKIE, is_from_our_pages, set_cookie
from ingress.access.user_store import Membership
from ingress.errors import Forbidden, TooManyRequests, Unauthorized
from ingress.http.body import read_bytes
from ingress.http.context import Api
from ingress.http.route import MCP_PATH, Request, Response
from ingress.scopes import SCOPES_OF_ROLE

QUERY_CHARS_MAX: Final = 8_000  # of an authorization request: two URIs, state and challenge
_QUERY_CHARS: Final = "%!$&'()*+,;=:@/?-._~"  # of RFC 3986, 3.4: they stay as they are
FIELDS_MAX: Final = 20  # of a form or a query: OAuth has half as many


class NotSentBack(Exception):
    """The client or its redirect URI is wrong: the error is shown as a page."""


async def show(api: Api, call: Request) -> Response:
    """GET: the page for signing in, or for consent; an error goes back to the application where that is safe."""
    query = call.request.rel_url.raw_query_string  # decoded, a state with & or + would be read as another one
    locale = locale_of(call.request.query.get("ui_locales"), call.headers.get("Accept-Language", ""))
    try:
        requested = await read_authorization(api, query)
    except NotSentBack as fault:
        return pages.error(locale, str(fault))
    if isinstance(requested, Response):
        return requested
    try:
        session = await api.authenticator.session_of(call.request)
    except Unauthorized:
        leads_to = requested.redirect_uri if requested.client.first_party else None
        return pages.sign_in(locale, query, leads_to=leads_to)
    accounts = await user_store.memberships_of(api.pool, user_id=session.user_id)
    current = next(one for one in accounts if one.account_id == session.account_id)
    if requested.client.first_party:
        return await allow(api, call, requested, session, current.account_id)
    csrf = csrf_token(call.request.cookies[SESSION_COOKIE])
    return pages.consent(
        locale, requested, query=query, csrf=csrf, user=session.user_name, accounts=accounts, current=current
    )


async def sign_in(api: Api, call: Request) -> Response:
    """POST of the sign-in page: start a session and continue to consent."""
    form = await read_form(call)
    query = form.get("query", "")
    locale = locale_of(dict(parse_qsl(query)).get("ui_locales"), call.headers.get("Accept-Language", ""))
    if not is_from_our_pages(call.request, api.urls.base):
        raise Forbidden("this form belongs to another site")
    try:
        signed_in = await api.sign_in.sign_in(
            name=form.get("name", "").strip(), password=form.get("password", "")[:QUERY_CHARS_MAX],
            code=form.get("code", "").strip() or None, account_id=None, address=call.request.remote,
        )  # fmt: skip
    except Unauthorized:
        return pages.sign_in(locale, query, name=form.get("name", ""), fault="wrong", status=401)
    except TooManyRequests as limited:
        page = pages.sign_in(locale, query, name=form.get("name", ""), fault="limited", status=429)
        return Response(429, page.body, {**page.headers, **limited.headers}, page.content_type)
    except Forbidden:
        return pages.no_account(locale)
    call.account, call.user = signed_in.account.account_id, (signed_in.login.id, signed_in.login.name)
    cookie = set_cookie(signed_in.secret, secure=api.urls.base.startswith("https:"))
    return _redirect(f"/oauth/authorize?{quote(query, safe=_QUERY_CHARS)}", {"Set-Cookie": cookie})


async def decide(api: Api, call: Request) -> Response:
    """POST of the consent page: a code for the application, or `access_denied`."""
    form = await read_form(call)
    locale = locale_of(None, call.headers.get("Accept-Language", ""))
    session = await api.authenticator.session_of(call.request, csrf=form.get("csrf", ""))
    try:
        requested = await read_authorization(api, form.get("query", ""))
    except NotSentBack as fault:
        return pages.error(locale, str(fault))
    if isinstance(requested, Response):
        return requested
    if form.get("decision") != "allow":
        return deny(api, requested)
    return await allow(api, call, requested, session, parse_id(form.get("account_id", "")) or session.account_id)


async def _membership(api: Api, session: Session, account_id: UUID) -> Membership:
    accounts = await user_store.memberships_of(api.pool, user_id=session.user_id)
    found = next((one for one in accounts if one.account_id == account_id), None)
    if found is None:
        raise Forbidden("the person does not belong to this account")
    return found


async def read_authorization(api: Api, query: str) -> AuthorizationRequest | Response:
    """Read the request from a query; a redirect for errors that the application may learn.

    Raises:
        NotSentBack: its client or redirect URI is wrong.
    """
    given = _single(query)
    client = await _client(api, given)
    redirect_uri = redirect_uri_of(client, given.get("redirect_uri"))
    if redirect_uri is None:
        raise NotSentBack("invalid_request: redirect_uri is not one that the application has registered")
    try:
        return read_request(client, redirect_uri, given, resources_of(api))
    except OAuthError as fault:
        return _refuse(api, redirect_uri, given.get("state"), fault)


async def _client(api: Api, given: Mapping[str, str]) -> Client:
    client_id = given.get("client_id", "")
    client = await store.find_client(api.pool, client_id=client_id) if client_id.isascii() and client_id else None
    if client is None:
        raise NotSentBack("invalid_client: unknown client_id")
    return client


def _single(query: str) -> dict[str, str]:
    """Read the parameters of a query, each at most once (RFC 6749, 3.1); one without a value is left out.

    Raises:
        NotSentBack: it is too long, or repeats one.
    """
    if len(query) > QUERY_CHARS_MAX:
        raise NotSentBack("invalid_request: the request is too long")
    try:
        pairs = parse_qsl(query, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise NotSentBack("invalid_request: there are too many parameters") from None
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or any("\0" in value for _, value in pairs):
        raise NotSentBack("invalid_request: a parameter is repeated, or holds NUL")
    return dict(pairs)


def deny(api: Api, requested: AuthorizationRequest) -> Response:
    """Send the browser back with the person's refusal (RFC 6749, 4.1.2.1)."""
    fault = OAuthError("access_denied", "the person refused")
    return _refuse(api, requested.redirect_uri, requested.state, fault)


async def allow(
    api: Api, call: Request, requested: AuthorizationRequest, session: Session, account_id: UUID
) -> Response:
    """Send the browser back with a code for the requested scopes that the person's role has.

    Raises:
        Forbidden: the person does not belong to the account.
    """
    account = await _membership(api, session, account_id)
    scopes = [scope for scope in requested.scopes if scope in SCOPES_OF_ROLE[account.role]]
    if not scopes:
        fault = OAuthError("access_denied", "the person's role allows none of these scopes")
        return _refuse(api, requested.redirect_uri, requested.state, fault)
    call.account, call.user = account.account_id, (session.user_id, session.user_name)
    code, grant_id = new_code(), new_id()
    async with api.pool.acquire() as conn, conn.transaction():
        made = await store.insert_grant(
            conn, account_id=account.account_id, identifier=grant_id, client_id=requested.client.id,
            user_id=session.user_id, scopes=scopes,
            session_id=session.id if requested.client.first_party else None,
        )  # fmt: skip
        if made:
            await store.insert_code(
                conn, secret_hash=digest(code), account_id=account.account_id, grant_id=grant_id,
                redirect_uri=requested.redirect_uri, code_challenge=requested.code_challenge,
            )  # fmt: skip
    if not made:
        fault = OAuthError("access_denied", "the account has the maximum of applications: disconnect one first")
        return _refuse(api, requested.redirect_uri, requested.state, fault)
    return _redirect(answer_uri(requested.redirect_uri, issuer_of(api), requested.state, code=code))


def _refuse(api: Api, redirect_uri: str, state: str | None, fault: OAuthError) -> Response:
    answer = {"error": fault.error, "error_description": fault.description}
    return _redirect(answer_uri(redirect_uri, issuer_of(api), state, **answer))


def _redirect(location: str, headers: Mapping[str, str] | None = None) -> Response:
    # 303, never 307: the form with the password must not be posted to the redirect's target (RFC 9700, 4.12).
    return Response(303, b"", {"Location": location, "Referrer-Policy": "no-referrer", **(headers or {})}, "text/plain")


async def read_form(call: Request) -> dict[str, str]:
    """Read a posted form, each field at most once; an invalid form or another content type gives an empty one."""
    raw = await read_bytes(call)
    if not call.headers.get("Content-Type", "").lower().startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return _single(raw.decode())
    except (UnicodeDecodeError, NotSentBack):
        return {}


def issuer_of(api: Api) -> str:
    """The issuer of codes and tokens (RFC 8414, 2): the public URL."""
    return api.urls.base.rstrip("/")


def resources_of(api: Api) -> tuple[str, ...]:
    """The resources that tokens are valid for (RFC 8707): this server, and its MCP endpoint."""
    return issuer_of(api), issuer_of(api) + MCP_PATH
