"""`/v1/password-resets`: a new password for a person who forgot theirs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.resources.schemas import Model, ShortText
from ingress.access import password_reset
from ingress.access.passwords import Password
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.response_models import users as shapes


class PasswordResetIn(Model):
    """The person's sign-in name."""

    name: ShortText


class NewPasswordIn(Model):
    """What the link holds as `reset`, and the new password."""

    reset: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


async def request(api: Api, call: Request) -> Response:
    """Send a link to the person's mail address, if the name is known and has one; the response does not reveal it."""
    await password_reset.request(api, call, call.body_as(PasswordResetIn).name)
    return Response(200, {"requested": True})


async def redeem(api: Api, call: Request) -> Response:
    """Change the password by the link, once; the person's sessions end."""
    given = call.body_as(NewPasswordIn)
    await password_reset.redeem(api, call, secret=given.reset, password=given.password)
    return Response(200, {"changed": True})


_PATH = "/v1/password-resets"

ROUTES = (
    Route(
        "POST", _PATH, "requestPasswordReset", request, None, "Send a link for a new password",
        body=PasswordResetIn, response_model=shapes.PasswordResetRequested, tag="session",
    ),
    Route(
        "POST", _PATH + "/redeem", "redeemPasswordReset", redeem, None, "Choose a new password by the link",
        body=NewPasswordIn, response_model=shapes.PasswordChanged, tag="session",
    ),
)  # fmt: skip
