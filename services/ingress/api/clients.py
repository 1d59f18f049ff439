"""`/v1/clients`: clients, changed by the ledger and read from its views."""

from __future__ import annotations

from contracts.resources import client
from contracts.resources.client import Client, ClientIn, ClientPatch
from contracts.resources.output import RemovedResource, ResourcePage
from contracts.resources.schemas import DEFAULT_ON_CONFLICT, Email, Model, OnConflict, Reference, ShortText
from contracts.wire.commands import CREATE_CLIENT, ERASE_CLIENT, REMOVE_CLIENT, UPDATE_CLIENT, UPSERT_CLIENT
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class ClientFilter(Model):
    """Which clients: `query` is a part of the name, e-mail address, registration or VAT number."""

    query: ShortText | None = None
    external_id: Reference | None = None
    email: Email | None = None
    archived: bool = False


class ClientQuery(ClientFilter, Page):
    """Which clients, page by page."""


class MakingQuery(Model):
    """What happens when it exists already: `error` (409), `update` (as PATCH), or `return` (unchanged)."""

    on_conflict: OnConflict = DEFAULT_ON_CONFLICT


async def create_client(api: Api, call: Request) -> Response:
    """Create a client; with `on_conflict`, change or return an existing one."""
    given, on_conflict = call.body_as(ClientIn), call.query_as(MakingQuery).on_conflict
    if on_conflict == "error":
        return await api.submit(call, CREATE_CLIENT, given.model_dump(mode="json"))
    data = given.model_dump(mode="json", exclude_unset=True) | {"on_conflict": on_conflict}
    return await api.submit(call, UPSERT_CLIENT, data)


async def list_clients(api: Api, call: Request) -> Response:
    """List clients, newest first."""
    requested = call.query_as(ClientQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.CLIENTS, client.from_row, **requested)


async def get_client(api: Api, call: Request) -> Response:
    """Get one client."""
    return await responses.one(api, call, queries.CLIENTS, client.from_row)


async def update_client(api: Api, call: Request) -> Response:
    """Change the fields of a client that were sent."""
    client_id = call.id_of()
    sent = call.body_as(ClientPatch).model_dump(mode="json", exclude_unset=True)
    return await api.submit(call, UPDATE_CLIENT, sent | {"id": str(client_id)}, subject_id=client_id)


async def remove_client(api: Api, call: Request) -> Response:
    """Delete a client; one that documents refer to is archived instead."""
    client_id = call.id_of()
    return await api.submit(call, REMOVE_CLIENT, {"id": str(client_id)}, subject_id=client_id)


async def erase_client(api: Api, call: Request) -> Response:
    """Erase a client's personal data; issued documents keep the names that the law on books requires."""
    client_id = call.id_of()
    return await api.submit(call, ERASE_CLIENT, {"id": str(client_id)}, subject_id=client_id)


_PATH = "/v1/clients"

ROUTES = (
    Route(
        "POST", _PATH, "createClient", create_client, "write",
        "Create a client, or with `on_conflict` change or find it",
        body=ClientIn, query=MakingQuery, response_model=Client, status=201, tag="clients",
    ),
    Route(
        "GET", _PATH, "listClients", list_clients, "read", "List clients; archived ones with `archived`",
        query=ClientQuery, response_model=ResourcePage[Client], tag="clients",
    ),
    Route(
        "GET", f"{_PATH}/{{id}}", "getClient", get_client, "read",
        "Get a client", response_model=Client, tag="clients",
    ),
    Route(
        "PATCH", f"{_PATH}/{{id}}", "updateClient", update_client, "write",
        "Change a client: only the fields that are sent, null removes a value",
        body=ClientPatch, response_model=Client, tag="clients",
    ),
    Route(
        "DELETE", f"{_PATH}/{{id}}", "deleteClient", remove_client, "write",
        "Delete a client, or archive one that has documents", response_model=RemovedResource, tag="clients",
    ),
    Route(
        "POST", f"{_PATH}/{{id}}/erase", "eraseClient", erase_client, "admin",
        "Erase a client's personal data but for what issued documents must keep", response_model=Client, tag="clients",
    ),
)  # fmt: skip
