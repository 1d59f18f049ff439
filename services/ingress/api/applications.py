"""`/v1/applications`: the applications that users have authorized by OAuth."""

from __future__ import annotations

from typing import Any, Final

from contracts.resources.output import ResourcePage
from ingress.access.oauth import store
from ingress.access.oauth.store import Grant
from ingress.access.oauth.tokens import end_grant
from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.response_models import users as shapes
from ingress.views.paging import page, read_id_cursor


async def list_all(api: Api, call: Request) -> Response:
    """The account's applications, newest first."""
    rows = await store.list_grants(
        api.pool, account_id=call.account_id, before=read_id_cursor(call), limit=call.query_as(Page).limit + 1
    )
    return Response(200, page(call, rows, show=show, key=lambda grant: (grant.id,)))


async def get(api: Api, call: Request) -> Response:
    """One application."""
    grant = await store.find_grant(api.pool, account_id=call.account_id, identifier=call.id_of())
    if grant is None:
        raise NotFound
    return Response(200, show(grant))


async def disconnect(api: Api, call: Request) -> Response:
    """End an application's tokens and delete its hooks at once; connecting again needs a new consent."""
    if await store.find_grant(api.pool, account_id=call.account_id, identifier=call.id_of()) is None:
        raise NotFound
    if not await end_grant(api, call, account_id=call.account_id, grant_id=call.id_of()):
        raise NotFound
    return Response(200, {"id": str(call.id_of()), "deleted": True})


def show(grant: Grant) -> dict[str, Any]:
    """An application's response."""
    return {
        "id": str(grant.id),
        "client_id": grant.client_id,
        "name": grant.client_name,
        "user": {"id": str(grant.user_id), "name": grant.user_name},
        "scopes": grant.scopes,
        "connected_at": grant.connected_at.isoformat(),
        "last_used_at": grant.last_used_at.isoformat() if grant.last_used_at else None,
    }


_PATH: Final = "/v1/applications"

ROUTES = (
    Route(
        "GET", _PATH, "listApplications", list_all, "admin", "List the applications that were authorized by OAuth",
        query=Page, response_model=ResourcePage[shapes.Application], tag="access",
    ),
    Route(
        "GET", _PATH + "/{id}", "getApplication", get, "admin", "Get an application",
        response_model=shapes.Application, tag="access",
    ),
    Route(
        "DELETE", _PATH + "/{id}", "disconnectApplication", disconnect, "admin",
        "End an application's tokens and delete its hooks", response_model=shapes.DisconnectedApplication, tag="access",
    ),
)  # fmt: skip
