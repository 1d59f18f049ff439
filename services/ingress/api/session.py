"""`/v1/session`: sign in and out, choose the account to work in, change the password."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.primitives.problem import FieldError
from contracts.resources.schemas import Model, ShortText
from ingress.access import qr_code, session_store, totp, user_store
from ingress.access.credentials import csrf_token, digest
from ingress.access.passwords import GivenPassword, Password
from ingress.access.sessions import SESSION_COOKIE, clear_cookie, set_cookie
from ingress.access.user_store import Login, Membership
from ingress.errors import InvalidInput, LimitReached, NotFound, Unauthorized
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.response_models import users as shapes
from ingress.scopes import SCOPES, SCOPES_OF_ROLE

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=6, max_length=40)]


class SignInIn(Model):
    """A person's name and password, a code where they have a second factor, and which of their accounts to work in."""

    name: ShortText
    password: GivenPassword
    code: Code | None = None
    account_id: UUID | None = None


class AccountChoice(Model):
    """Which of the person's accounts to work in."""

    account_id: UUID


class PasswordIn(Model):
    """The password now, and the new one."""

    current: GivenPassword
    password: Password


class JoinIn(Model):
    """The invitation that an owner of the account made."""

    invitation: Annotated[str, Field(min_length=1, max_length=200)]


class SecondFactorIn(Model):
    """The secret that the app has, a code of it, and the password."""

    secret: Annotated[str, Field(min_length=1, max_length=100)]
    code: Code
    password: GivenPassword


class SecondFactorOff(Model):
    """The password, and a code or a recovery code."""

    password: GivenPassword
    code: Code


async def sign_in(api: Api, call: Request) -> Response:
    """Start a session: this response sets its cookie.

    Raises:
        Unauthorized: name, password or code is wrong; SecondFactorRequired; TooManyRequests; Forbidden: no account.
    """
    given = call.body_as(SignInIn)
    signed_in = await api.sign_in.sign_in(
        name=given.name, password=given.password, code=given.code, account_id=given.account_id,
        address=call.request.remote,
    )  # fmt: skip
    call.account, call.user = signed_in.account.account_id, (signed_in.login.id, signed_in.login.name)
    body = {
        "id": str(signed_in.session_id),
        **_shown(signed_in.login, signed_in.account, signed_in.accounts),
        "csrf_token": csrf_token(signed_in.secret),
        "expires_at": signed_in.expires_at.isoformat(),
    }
    secure = api.urls.base.startswith("https:")
    headers = {"Location": "/v1/session", "Set-Cookie": set_cookie(signed_in.secret, secure=secure)}
    return Response(201, body, headers)


async def get(api: Api, call: Request) -> Response:
    """The session, its person, and the accounts that they belong to."""
    return await _current(api, call, call.signed_in.account_id)


async def choose_account(api: Api, call: Request) -> Response:
    """Work in another of the person's accounts from now on.

    Raises:
        NotFound: they do not belong to it.
    """
    account_id = call.body_as(AccountChoice).account_id
    accounts = await user_store.memberships_of(api.pool, user_id=call.signed_in.user_id)
    if account_id not in {one.account_id for one in accounts}:
        raise NotFound
    async with api.pool.acquire() as conn:
        await session_store.move(conn, identifier=call.signed_in.id, account_id=account_id)
    return await _current(api, call, account_id)


async def redeem_invitation(api: Api, call: Request) -> Response:
    """Redeem an invitation, once: the person belongs to its account, and works in it now.

    Raises:
        InvalidInput: it was redeemed, or has ended, or never was; LimitReached.
    """
    given = call.body_as(JoinIn).invitation
    async with api.pool.acquire() as conn, conn.transaction():
        taken = await user_store.take_invitation(conn, secret_hash=digest(given))
        if taken is None:
            raise InvalidInput(faults=[FieldError("invitation", "is not valid, or has expired: ask for a new one")])
        account_id, role = taken
        await user_store.lock_account(conn, account_id=account_id)
        user_id = call.signed_in.user_id
        if not await user_store.insert_membership(conn, account_id=account_id, user_id=user_id, role=role):
            raise LimitReached("the account has no room for another user")
        await session_store.move(conn, identifier=call.signed_in.id, account_id=account_id)
    return await _current(api, call, account_id)


async def change_password(api: Api, call: Request) -> Response:
    """Change the person's password; their other sessions end at once.

    Raises:
        InvalidInput: the current password is wrong; TooManyRequests.
    """
    given, session = call.body_as(PasswordIn), call.signed_in
    await _confirm(api, call, given.current, "current")
    if session.user_name.lower() in given.password.lower():
        raise InvalidInput(faults=[FieldError("password", "must not contain the name")])
    password_hash = await api.sign_in.hasher.hash(given.password)
    async with api.pool.acquire() as conn, conn.transaction():
        await user_store.change_password(conn, user_id=session.user_id, password_hash=password_hash)
        await session_store.delete_of_user(conn, user_id=session.user_id, keep=session.id)
    return Response(200, {"changed": True})


async def make_second_factor(_: Api, call: Request) -> Response:
    """Make a secret for the person's app; nothing changes until it is confirmed."""
    secret = totp.new_secret()
    uri = totp.uri(secret, name=call.signed_in.user_name)
    modules, path = qr_code.draw(uri)
    return Response(200, {"secret": secret, "uri": uri, "qr": {"modules": modules, "path": path}})


async def use_second_factor(api: Api, call: Request) -> Response:
    """Require a code at every sign-in from now on; show the recovery codes once.

    Raises:
        InvalidInput: the password or the code is wrong; TooManyRequests.
    """
    given = call.body_as(SecondFactorIn)
    await _confirm(api, call, given.password, "password")
    codes = await api.sign_in.use_second_factor(user_id=call.signed_in.user_id, secret=given.secret, code=given.code)
    return Response(200, {"recovery_codes": codes})


async def remove_second_factor(api: Api, call: Request) -> Response:
    """Require no codes any more.

    Raises:
        InvalidInput: the password is wrong; Unauthorized: the code is; TooManyRequests.
    """
    given, session = call.body_as(SecondFactorOff), call.signed_in
    await _confirm(api, call, given.password, "password")
    async with api.pool.acquire() as conn, conn.transaction():
        await api.sign_in.check_second_factor(conn, session.user_id, given.code)
        await user_store.set_second_factor(conn, user_id=session.user_id, secret=None, step=None, recovery_hashes=[])
    return Response(200, {"two_factor": False})


async def sign_out(api: Api, call: Request) -> Response:
    """End the session."""
    await session_store.delete(api.pool, identifier=call.signed_in.id)
    return Response(200, {"id": str(call.signed_in.id), "deleted": True}, {"Set-Cookie": clear_cookie()})


async def _confirm(api: Api, call: Request, password: str, path: str) -> None:
    """Require the password again, before sensitive changes.

    Raises:
        InvalidInput: it is wrong; TooManyRequests.
    """
    try:
        await api.sign_in.check_password(name=call.signed_in.user_name, password=password)
    except Unauthorized:
        raise InvalidInput(faults=[FieldError(path, "is not the password of this person")]) from None


async def _current(api: Api, call: Request, account_id: UUID) -> Response:
    session = call.signed_in
    login = await user_store.find_login_by_id(api.pool, user_id=session.user_id)
    accounts = await user_store.memberships_of(api.pool, user_id=session.user_id)
    account = next((one for one in accounts if one.account_id == account_id), None)
    if login is None or account is None:
        raise Unauthorized
    body = {
        "id": str(session.id),
        **_shown(login, account, accounts),
        "csrf_token": csrf_token(secret) if (secret := call.request.cookies.get(SESSION_COOKIE)) else None,
        "expires_at": session.expires_at.isoformat(),
    }
    return Response(200, body)


def _shown(login: Login, account: Membership, accounts: list[Membership]) -> dict[str, Any]:
    return {
        "user": {
            "id": str(login.id),
            "name": login.name,
            "email": login.email,
            "locale": login.locale,
            "two_factor": login.totp_secret is not None,
        },
        "account": _membership(account),
        "accounts": [_membership(one) for one in accounts],
        "scopes": [scope for scope in SCOPES if scope in SCOPES_OF_ROLE[account.role]],
    }


def _membership(one: Membership) -> dict[str, Any]:
    return {"id": str(one.account_id), "name": one.account_name, "role": one.role}


_PATH = "/v1/session"

ROUTES = (
    Route(
        "POST", _PATH, "createSession", sign_in, None, "Sign in with name and password; sets the session's cookie",
        body=SignInIn, response_model=shapes.Session, status=201, tag="session",
    ),
    Route(
        "GET", _PATH, "getSession", get, None, "Who has signed in", response_model=shapes.Session,
        session=True, tag="session",
    ),
    Route(
        "DELETE", _PATH, "deleteSession", sign_out, None, "Sign out", response_model=shapes.EndedSession, session=True,
        tag="session",
    ),
    Route(
        "PUT", _PATH + "/account", "chooseAccount", choose_account, None, "Work in another of the person's accounts",
        body=AccountChoice, response_model=shapes.Session, session=True, tag="session",
    ),
    Route(
        "POST", _PATH + "/join", "joinAccount", redeem_invitation, None, "Redeem an invitation into an account",
        body=JoinIn, response_model=shapes.Session, session=True, tag="session",
    ),
    Route(
        "POST", _PATH + "/password", "changePassword", change_password, None, "Change the password",
        body=PasswordIn, response_model=shapes.PasswordChanged, session=True, tag="session",
    ),
    Route(
        "POST", _PATH + "/two-factor", "createSecondFactor", make_second_factor, None,
        "Make a secret for an app that makes codes", response_model=shapes.NewSecondFactor, session=True, tag="session",
    ),
    Route(
        "PUT", _PATH + "/two-factor", "confirmSecondFactor", use_second_factor, None,
        "Require a code at every sign-in; returns recovery codes", body=SecondFactorIn,
        response_model=shapes.RecoveryCodes,
        session=True, tag="session",
    ),
    Route(
        "POST", _PATH + "/two-factor/remove", "removeSecondFactor", remove_second_factor, None,
        "Ask for codes no longer", body=SecondFactorOff, response_model=shapes.SecondFactorRemoved, session=True,
        tag="session",
    ),
)  # fmt: skip
