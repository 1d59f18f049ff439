"""`/v1/setup`: the first account of an installation and its owner, by the link that the installation printed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.primitives.problem import FieldError
from contracts.resources.account import TimeZone
from contracts.resources.schemas import Email, Locale, ShortText, WithCurrency
from ingress.access import setup
from ingress.access.accounts import DEFAULT_SETTINGS, NAME_CHARS_MAX
from ingress.access.passwords import Password
from ingress.api.users import UserName
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.response_models import users as shapes


class SetupIn(WithCurrency):
    """What the link holds as `setup`, the company, and the owner's sign-in name and password."""

    setup: Annotated[str, Field(min_length=1, max_length=200)]
    account_name: Annotated[ShortText, Field(max_length=NAME_CHARS_MAX)]
    time_zone: TimeZone = "UTC"
    locale: Locale = "en"
    name: UserName
    email: Email | None = None
    password: Password


async def show(api: Api, _: Request) -> Response:
    """Whether the installation has no account yet."""
    return Response(200, {"needed": await setup.is_needed(api.pool)})


async def create(api: Api, call: Request) -> Response:
    """Create the first account and its owner, once.

    Raises:
        InvalidInput: the link is not valid, or no longer; Conflict: there is an account; TooManyRequests.
    """
    given = call.body_as(SetupIn)
    api.limits.sign_in_address.admit(call.request.remote)
    if given.name.lower() in given.password.lower():
        raise InvalidInput(faults=[FieldError("password", "must not contain the name")])
    password_hash = await api.sign_in.hasher.hash(given.password)
    fields = given.model_dump(exclude={"password"}) | {"currency": given.currency or DEFAULT_SETTINGS.currency}
    async with api.pool.acquire() as conn, conn.transaction():
        account_id = await setup.create_first_account(conn, password_hash=password_hash, **fields)
    return Response(201, {"account_id": str(account_id), "name": given.name}, {"Location": "/v1/account"})


_PATH = "/v1/setup"

ROUTES = (
    Route(
        "GET", _PATH, "getSetup", show, None, "Whether the installation has no account yet",
        response_model=shapes.SetupState, tag="session",
    ),
    Route(
        "POST", _PATH, "createFirstAccount", create, None, "Create the first account and its owner by the printed link",
        body=SetupIn, response_model=shapes.FirstAccount, status=201, tag="session",
    ),
)  # fmt: skip
