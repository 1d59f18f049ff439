"""`/v1/session/consent`: the consent of `/oauth/authorize`, for a console with its own page."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.primitives.problem import FieldError
from contracts.resources.schemas import Model
from ingress.access.oauth import authorize
from ingress.access.oauth.authorize import QUERY_CHARS_MAX, NotSentBack
from ingress.access.oauth.pages import place_of
from ingress.access.oauth.rules import AuthorizationRequest
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.response_models import users as shapes


class ConsentQuery(Model):
    """The unchanged query with which an application sent the browser to `/oauth/authorize`."""

    query: str = Field(min_length=1, max_length=QUERY_CHARS_MAX)


class ConsentIn(ConsentQuery):
    """The person's decision, and which of their accounts it is for: the session's, unless named."""

    decision: Literal["allow", "deny"]
    account_id: UUID | None = None


async def show(api: Api, call: Request) -> Response:
    """Return the application's request, or where to send the browser if it is invalid or needs no consent.

    Raises:
        InvalidInput: its client or redirect URI is wrong, so that the browser must not be sent there.
    """
    requested = await _read(api, call.query_as(ConsentQuery).query)
    if isinstance(requested, Response):
        return Response(200, {"application": None, "redirect_to": requested.headers["Location"]})
    if requested.client.first_party:
        allowed = await authorize.allow(api, call, requested, call.signed_in, call.signed_in.account_id)
        return Response(200, {"application": None, "redirect_to": allowed.headers["Location"]})
    application = {
        "client_id": requested.client.id,
        "name": requested.client.name,
        "leads_to": place_of(requested.redirect_uri),
        "scopes": requested.scopes,
    }
    return Response(200, {"application": application, "redirect_to": None})


async def decide(api: Api, call: Request) -> Response:
    """Allow or refuse; return where to send the browser.

    Raises:
        InvalidInput: as above; Forbidden: the person does not belong to the account.
    """
    given = call.body_as(ConsentIn)
    requested = await _read(api, given.query)
    if isinstance(requested, AuthorizationRequest):
        account_id = given.account_id or call.signed_in.account_id
        requested = (
            await authorize.allow(api, call, requested, call.signed_in, account_id)
            if given.decision == "allow"
            else authorize.deny(api, requested)
        )
    return Response(200, {"redirect_to": requested.headers["Location"]})


async def _read(api: Api, query: str) -> AuthorizationRequest | Response:
    try:
        return await authorize.read_authorization(api, query)
    except NotSentBack as fault:
        raise InvalidInput(faults=[FieldError("query", str(fault))]) from None


_PATH = "/v1/session/consent"

ROUTES = (
    Route(
        "GET", _PATH, "getConsentRequest", show, None, "The request of an application", query=ConsentQuery,
        response_model=shapes.ConsentRequest, session=True, tag="session",
    ),
    Route(
        "POST", _PATH, "createConsent", decide, None, "Allow an application, or refuse", body=ConsentIn,
        response_model=shapes.ConsentDecision, session=True, tag="session",
    ),
)  # fmt: skip
