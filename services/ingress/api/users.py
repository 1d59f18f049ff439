"""`/v1/users` and `/v1/invitations`: the people of an account and their roles."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Email, Locale, Model, ShortText
from contracts.wire.commands import DELETE_HOOKS_OF_CREDENTIAL, queue_of
from contracts.wire.envelope import Envelope
from ingress.access import user_store
from ingress.access.credentials import digest, new_invitation, new_password
from ingress.access.granting import granted
from ingress.access.oauth import store as oauth_store
from ingress.access.passwords import Password
from ingress.access.user_store import USERS_MAX, User
from ingress.errors import Conflict, InvalidInput, LimitReached, NotFound, Unauthorized
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.response_models import users as shapes
from ingress.scopes import SCOPES_OF_ROLE, Role
from ingress.views.paging import page, read_id_cursor
from messaging.port import Outgoing
from storage.pool import Connection

NAME_CHARS_MAX: Final = 100  # an e-mail address fits, and it is listed in one line
INVITATION_DAYS: Final = 7  # a week off does not miss it

UserName = Annotated[ShortText, Field(max_length=NAME_CHARS_MAX, pattern=r"^\S+$")]


class UserIn(Model):
    """A person's sign-in name (an e-mail address or a word) and role; without a password one is made."""

    name: UserName
    role: Role
    email: Email | None = None
    locale: Locale = "en"
    password: Password | None = None


class UserPatch(Model):
    """A person's new role."""

    role: Role


class InvitationIn(Model):
    """The role that the invited person will have."""

    role: Role


async def create(api: Api, call: Request) -> Response:
    """Add a person with a new login; a generated password is shown once.

    Raises:
        Conflict: the name is taken; LimitReached; Forbidden: the caller lacks a scope of that role.
    """
    requested = call.body_as(UserIn)
    _check_role(call, requested.role)
    if requested.password and requested.name.lower() in requested.password.lower():
        raise InvalidInput(faults=[FieldError("password", "must not contain the name")])
    made = None if requested.password else new_password()
    password_hash = await api.sign_in.hasher.hash(requested.password or made or "")

    async def insert(conn: Connection) -> Response:
        await user_store.lock_account(conn, account_id=call.account_id)
        user_id = new_id()
        is_new = await user_store.insert_login(
            conn, user_id=user_id, name=requested.name, email=requested.email, locale=requested.locale,
            password_hash=password_hash,
        )  # fmt: skip
        if not is_new:
            raise Conflict("the name is in use: choose another; invite a person who has a login at /v1/invitations")
        if not await user_store.insert_membership(
            conn, account_id=call.account_id, user_id=user_id, role=requested.role
        ):
            raise LimitReached(f"an account has at most {USERS_MAX} users: remove one that has left")
        user = await _user(conn, call.account_id, user_id)
        return Response(201, show(user) | {"password": made}, {"Location": f"/v1/users/{user_id}"})

    return await api.run_idempotent(call, insert)


async def invite(api: Api, call: Request) -> Response:
    """Make an invitation for a person who has a login already; it is shown this once."""
    requested = call.body_as(InvitationIn)
    _check_role(call, requested.role)
    secret, identifier = new_invitation(), new_id()

    async def insert(conn: Connection) -> Response:
        expires_at = await user_store.insert_invitation(
            conn, account_id=call.account_id, identifier=identifier, role=requested.role, secret_hash=digest(secret),
            days=INVITATION_DAYS,
        )  # fmt: skip
        made = {"id": str(identifier), "role": requested.role, "invitation": secret}
        return Response(201, made | {"expires_at": expires_at.isoformat()})

    return await api.run_idempotent(call, insert)


async def list_all(api: Api, call: Request) -> Response:
    """The account's users, newest first."""
    rows = await user_store.list_users(
        api.pool, account_id=call.account_id, before=read_id_cursor(call), limit=call.query_as(Page).limit + 1
    )
    return Response(200, page(call, rows, show=show, key=lambda user: (user.id,)))


async def get(api: Api, call: Request) -> Response:
    """One user."""
    user = await user_store.find_user(api.pool, account_id=call.account_id, user_id=call.id_of())
    if user is None:
        raise NotFound
    return Response(200, show(user))


async def update(api: Api, call: Request) -> Response:
    """Change a user's role, effective from their next request.

    Raises:
        Conflict: the account would have no owner.
    """
    role, user_id = call.body_as(UserPatch).role, call.id_of()
    _check_role(call, role)
    async with api.pool.acquire() as conn, conn.transaction():
        await user_store.lock_account(conn, account_id=call.account_id)
        await _user(conn, call.account_id, user_id)
        if role != "owner":
            await _keep_an_owner(conn, call.account_id, user_id)
        await user_store.change_role(conn, account_id=call.account_id, user_id=user_id, role=role)
        return Response(200, show(await _user(conn, call.account_id, user_id)))


async def delete(api: Api, call: Request) -> Response:
    """Remove a user from the account: their sessions in it end at once, and so do their OAuth grants.

    Raises:
        Conflict: the account would have no owner.
    """
    user_id = call.id_of()
    ended: list[Outgoing] = []
    async with api.commits.record_with(ended) as conn:
        await user_store.lock_account(conn, account_id=call.account_id)
        await _user(conn, call.account_id, user_id)
        await _keep_an_owner(conn, call.account_id, user_id)
        grants = await oauth_store.grants_of_user(conn, account_id=call.account_id, user_id=user_id)
        ended += [_deletion_of_hooks(call, grant_id) for grant_id in grants]
        await user_store.delete_membership(conn, account_id=call.account_id, user_id=user_id)
    return Response(200, {"id": str(user_id), "deleted": True})


def _deletion_of_hooks(call: Request, grant_id: UUID) -> Outgoing:
    envelope = Envelope(
        id=new_id(), name=DELETE_HOOKS_OF_CREDENTIAL, account_id=call.account_id, correlation_id=call.id,
        causation_id=None, data={"credential_id": str(grant_id)},
    )  # fmt: skip
    return Outgoing(envelope.id, queue_of(DELETE_HOOKS_OF_CREDENTIAL).name, envelope.encode())


def _check_role(call: Request, role: Role) -> None:
    if call.caller is None:
        raise Unauthorized
    granted(call.caller.scopes, SCOPES_OF_ROLE[role])


async def _keep_an_owner(conn: Connection, account_id: UUID, user_id: UUID) -> None:
    if not await user_store.count_other_owners(conn, account_id=account_id, user_id=user_id):
        raise Conflict("an account has at least one owner: make another user an owner first")


async def _user(conn: Connection, account_id: UUID, user_id: UUID) -> User:
    user = await user_store.find_user(conn, account_id=account_id, user_id=user_id)
    if user is None:
        raise NotFound
    return user


def show(user: User) -> dict[str, Any]:
    """A user as they are listed."""
    return {
        "id": str(user.id),
        "name": user.name,
        "email": user.email,
        "locale": user.locale,
        "role": user.role,
        "two_factor": user.two_factor,
        "created_at": user.created_at.isoformat(),
        "signed_in_at": user.signed_in_at.isoformat() if user.signed_in_at else None,
    }


_PATH: Final = "/v1/users"

ROUTES = (
    Route(
        "POST", _PATH, "createUser", create, "admin", "Add a person to the account with a new login",
        body=UserIn, response_model=shapes.NewUser, status=201, tag="access",
    ),
    Route(
        "GET", _PATH, "listUsers", list_all, "admin", "List the account's users",
        query=Page, response_model=ResourcePage[shapes.User], tag="access",
    ),
    Route("GET", _PATH + "/{id}", "getUser", get, "admin", "Get a user", response_model=shapes.User, tag="access"),
    Route(
        "PATCH", _PATH + "/{id}", "updateUser", update, "admin", "Change a user's role",
        body=UserPatch, response_model=shapes.User, tag="access",
    ),
    Route(
        "DELETE", _PATH + "/{id}", "deleteUser", delete, "admin", "Take a user out of the account",
        response_model=shapes.RemovedUser, tag="access",
    ),
    Route(
        "POST", "/v1/invitations", "createInvitation", invite, "admin", "Invite a person who has a login already",
        body=InvitationIn, response_model=shapes.NewInvitation, status=201, tag="access",
    ),
)  # fmt: skip
