"""`/v1/clients`: who owes, made by the ledger and read from its books."""

from __future__ import annotations

from contracts import present
from contracts.commands import CREATE_CLIENT
from contracts.objects import ClientIn, Email, Reference, ShortText
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class ClientQuery(Page):
    """Which clients: `query` is a part of the name, e-mail address, registration or VAT number."""

    query: ShortText | None = None
    external_id: Reference | None = None
    email: Email | None = None


async def create_client(api: Api, call: Call) -> Reply:
    """Make a client."""
    return await api.submit(call, CREATE_CLIENT, call.body_as(ClientIn).model_dump(mode="json"))


async def list_clients(api: Api, call: Call) -> Reply:
    """List clients, newest first."""
    query = call.query_as(ClientQuery)
    return await answering.many(
        api,
        call,
        reads.CLIENTS,
        present.client,
        query=reads.containing(query.query),
        external_id=query.external_id,
        email=query.email,
    )


async def get_client(api: Api, call: Call) -> Reply:
    """Look at one client."""
    return await answering.one(api, call, reads.CLIENTS, present.client)


ROUTES = (
    Route(
        "POST", "/v1/clients", create_client, "write", "Create a client",
        body=ClientIn, answers=shapes.Client, status=201, tag="clients",
    ),
    Route(
        "GET", "/v1/clients", list_clients, "read", "List clients",
        query=ClientQuery, answers=shapes.Listed[shapes.Client], tag="clients",
    ),
    Route("GET", "/v1/clients/{id}", get_client, "read", "Get a client", answers=shapes.Client, tag="clients"),
)  # fmt: skip
