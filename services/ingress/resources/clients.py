"""`/v1/clients`: who owes, made by the ledger and read from its books."""

from __future__ import annotations

from contracts import present
from contracts.commands import CREATE_CLIENT, REMOVE_CLIENT, UPDATE_CLIENT, UPSERT_CLIENT
from contracts.objects import ClientIn, Email, Model, Reference, ShortText
from contracts.parties import ON_CONFLICT_USUAL, ClientPatch, OnConflict
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class ClientFilter(Model):
    """Which clients: `query` is a part of the name, e-mail address, registration or VAT number."""

    query: ShortText | None = None
    external_id: Reference | None = None
    email: Email | None = None
    archived: bool = False


class ClientQuery(ClientFilter, Page):
    """Which clients, page by page."""


class MakingQuery(Model):
    """What becomes of one that is there already: `error` (409), `update` (as PATCH), or `return` (as it is)."""

    on_conflict: OnConflict = ON_CONFLICT_USUAL


async def create_client(api: Api, call: Call) -> Reply:
    """Make a client; with `on_conflict`, change or find the one that is there."""
    given, on_conflict = call.body_as(ClientIn), call.query_as(MakingQuery).on_conflict
    if on_conflict == "error":
        return await api.submit(call, CREATE_CLIENT, given.model_dump(mode="json"))
    data = given.model_dump(mode="json", exclude_unset=True) | {"on_conflict": on_conflict}
    return await api.submit(call, UPSERT_CLIENT, data)


async def list_clients(api: Api, call: Call) -> Reply:
    """List clients, newest first."""
    asked = call.query_as(ClientQuery).model_dump(exclude={"limit", "cursor"})
    return await answering.many(api, call, reads.CLIENTS, present.client, **asked)


async def get_client(api: Api, call: Call) -> Reply:
    """Look at one client."""
    return await answering.one(api, call, reads.CLIENTS, present.client)


async def update_client(api: Api, call: Call) -> Reply:
    """Change what was sent of a client."""
    client_id = call.id_of()
    sent = call.body_as(ClientPatch).model_dump(mode="json", exclude_unset=True)
    return await api.submit(call, UPDATE_CLIENT, sent | {"id": str(client_id)}, subject_id=client_id)


async def remove_client(api: Api, call: Call) -> Reply:
    """Take a client away; one that documents refer to is archived instead."""
    client_id = call.id_of()
    return await api.submit(call, REMOVE_CLIENT, {"id": str(client_id)}, subject_id=client_id)


_PATH = "/v1/clients"

ROUTES = (
    Route(
        "POST", _PATH, "createClient", create_client, "write",
        "Create a client, or with `on_conflict` change or find it",
        body=ClientIn, query=MakingQuery, answers=shapes.Client, status=201, tag="clients",
    ),
    Route(
        "GET", _PATH, "listClients", list_clients, "read", "List clients; archived ones with `archived`",
        query=ClientQuery, answers=shapes.Listed[shapes.Client], tag="clients",
    ),
    Route(
        "GET", f"{_PATH}/{{id}}", "getClient", get_client, "read",
        "Get a client", answers=shapes.Client, tag="clients",
    ),
    Route(
        "PATCH", f"{_PATH}/{{id}}", "updateClient", update_client, "write",
        "Change a client: only what is sent, null takes away", body=ClientPatch, answers=shapes.Client, tag="clients",
    ),
    Route(
        "DELETE", f"{_PATH}/{{id}}", "deleteClient", remove_client, "write",
        "Delete a client, or archive one that has documents", answers=shapes.Removed, tag="clients",
    ),
)  # fmt: skip
