"""`/v1/me`: who am I, what may I do, what am I talking to. The test of a connection."""

from __future__ import annotations

from typing import Any

from contracts.version import VERSION
from ingress import response_models as models
from ingress.access import account_store
from ingress.errors import NotFound, Unauthorized
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.scopes import SCOPES


async def me(api: Api, call: Request) -> Response:
    """The account, the caller and the scopes."""
    account = await account_store.find(api.pool, account_id=call.account_id)
    if call.caller is None:
        raise Unauthorized
    if account is None:
        raise NotFound
    body: dict[str, Any] = {
        "account": {
            "id": account.account_id,
            "name": account.name,
            "time_zone": account.time_zone,
            "locale": account.locale,
            "currency": account.currency,
            "clients_max": account.clients_max,
            "products_max": account.products_max,
            "created_at": account.created_at,
        },
        "caller": {"kind": call.caller.kind, "id": call.caller.id, "name": call.caller.name},
        "scopes": [scope for scope in SCOPES if scope in call.caller.scopes],
        "server_version": VERSION,
    }
    return Response(200, body)


ROUTES = (
    Route(
        "GET",
        "/v1/me",
        "getMe",
        me,
        "read",
        "Who is calling, and what they may do",
        response_model=models.Me,
        tag="access",
    ),
)
