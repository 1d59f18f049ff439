"""`/v1/connections`: credentials for external applications; stored by the executor, used by steps of automations.

They are encrypted here, so that neither messages nor tables have them in clear.
"""

from __future__ import annotations

from typing import Final

import orjson

from contracts.resources import connection
from contracts.resources.connection import Connection, ConnectionIn, ConnectionKind
from contracts.resources.output import ResourcePage
from contracts.wire.commands import CREATE_CONNECTION, DELETE_CONNECTION
from ingress.api.resource_handlers import getting, listing
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views.queries import View

_CONNECTIONS: Final = View("execution_api.connection", filters={"kind": "kind = ?"})


class ConnectionQuery(Page):
    """Which connections: those of a kind."""

    kind: ConnectionKind | None = None


async def create_connection(api: Api, call: Request) -> Response:
    """Store credentials; their secrets are never shown again."""
    requested = call.body_as(ConnectionIn).model_dump(mode="json")
    return await api.submit(
        call, CREATE_CONNECTION, {"encrypted": api.encryptor.encrypt(orjson.dumps(requested).decode()).decode()}
    )


async def delete_connection(api: Api, call: Request) -> Response:
    """Forget credentials; steps that name them fail from now on. No error when they are gone already."""
    return await api.submit(call, DELETE_CONNECTION, {"id": str(call.id_of())})


_PATH: Final = "/v1/connections"

ROUTES = (
    Route(
        "POST", _PATH, "createConnection", create_connection, "automate", "Keep credentials towards an application",
        body=ConnectionIn, response_model=Connection, status=201, waits=True, tag="connections",
    ),
    Route(
        "GET", _PATH, "listConnections", listing(_CONNECTIONS, connection.from_row), "read", "List connections",
        query=ConnectionQuery, response_model=ResourcePage[Connection], tag="connections",
    ),
    Route(
        "GET", _PATH + "/{id}", "getConnection", getting(_CONNECTIONS, connection.from_row),
        "read", "Get a connection without its secrets",
        response_model=Connection, tag="connections",
    ),
    Route(
        "DELETE", _PATH + "/{id}", "deleteConnection", delete_connection, "automate",
        "Forget credentials; also when they are gone already", response_model=Connection, waits=True, tag="connections",
    ),
)  # fmt: skip
