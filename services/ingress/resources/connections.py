"""`/v1/connections`: credentials towards applications outside; kept by the executor, named by steps of automations.

They are sealed here, before they travel: nothing on the way and nothing at rest has them in clear.
"""

from __future__ import annotations

from typing import Final

import orjson

from contracts import present_execution as present
from contracts.commands import CREATE_CONNECTION, DELETE_CONNECTION
from contracts.connections import ConnectionIn, ConnectionKind
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, shapes
from ingress.resources.reads import View

_CONNECTIONS: Final = View("execution_api.connection", filters={"kind": "kind = ?"})


class ConnectionQuery(Page):
    """Which connections: those of a kind."""

    kind: ConnectionKind | None = None


async def create_connection(api: Api, call: Call) -> Reply:
    """Keep credentials; what is secret in them is never shown again."""
    asked = call.body_as(ConnectionIn).model_dump(mode="json")
    return await api.submit(call, CREATE_CONNECTION, {"sealed": api.sealer.seal(orjson.dumps(asked).decode()).decode()})


async def list_connections(api: Api, call: Call) -> Reply:
    """List connections, newest first."""
    return await answering.many(api, call, _CONNECTIONS, present.connection, kind=call.query_as(ConnectionQuery).kind)


async def get_connection(api: Api, call: Call) -> Reply:
    """Look at one connection, without its secrets."""
    return await answering.one(api, call, _CONNECTIONS, present.connection)


async def delete_connection(api: Api, call: Call) -> Reply:
    """Forget credentials; steps that name them fail from now on. No error when they are gone already."""
    return await api.submit(call, DELETE_CONNECTION, {"id": str(call.id_of())})


_PATH: Final = "/v1/connections"

ROUTES = (
    Route(
        "POST", _PATH, "createConnection", create_connection, "admin", "Keep credentials towards an application",
        body=ConnectionIn, answers=shapes.Connection, status=201, waits=True, tag="connections",
    ),
    Route(
        "GET", _PATH, "listConnections", list_connections, "read", "List connections",
        query=ConnectionQuery, answers=shapes.Listed[shapes.Connection], tag="connections",
    ),
    Route(
        "GET", _PATH + "/{id}", "getConnection", get_connection, "read", "Get a connection without its secrets",
        answers=shapes.Connection, tag="connections",
    ),
    Route(
        "DELETE", _PATH + "/{id}", "deleteConnection", delete_connection, "admin",
        "Forget credentials; also when they are gone already", answers=shapes.Connection, waits=True, tag="connections",
    ),
)  # fmt: skip
