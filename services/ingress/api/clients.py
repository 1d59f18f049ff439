"""`/v1/clients`: clients, changed by the ledger and read from its views."""

from __future__ import annotations

from contracts.resources import client
from contracts.resources.client import Client, ClientIn, ClientPatch
from contracts.resources.output import RemovedResource, ResourcePage
from contracts.resources.schemas import Email, Model, Reference, ShortText
from contracts.wire.commands import CREATE_CLIENT, ERASE_CLIENT, REMOVE_CLIENT, UPDATE_CLIENT, UPSERT_CLIENT
from ingress.api.resource_handlers import OnConflictQuery, changing, creating_or_finding, getting, listing
from ingress.http.route import Page, Route
from ingress.views import queries


class ClientFilter(Model):
    """Which clients: `query` is a part of the name, e-mail address, registration or VAT number."""

    query: ShortText | None = None
    external_id: Reference | None = None
    email: Email | None = None
    archived: bool = False


class ClientQuery(ClientFilter, Page):
    """Which clients, page by page."""


_PATH = "/v1/clients"

ROUTES = (
    Route(
        "POST", _PATH, "createClient", creating_or_finding(CREATE_CLIENT, UPSERT_CLIENT), "write",
        "Create a client, or with `on_conflict` change or find it",
        body=ClientIn, query=OnConflictQuery, response_model=Client, status=201, tag="clients",
    ),
    Route(
        "GET", _PATH, "listClients", listing(queries.CLIENTS, client.from_row),
        "read", "List clients; archived ones with `archived`",
        query=ClientQuery, response_model=ResourcePage[Client], tag="clients",
    ),
    Route(
        "GET", f"{_PATH}/{{id}}", "getClient", getting(queries.CLIENTS, client.from_row), "read",
        "Get a client", response_model=Client, tag="clients",
    ),
    Route(
        "PATCH", f"{_PATH}/{{id}}", "updateClient", changing(UPDATE_CLIENT), "write",
        "Change a client: only the fields that are sent, null removes a value",
        body=ClientPatch, response_model=Client, tag="clients",
    ),
    Route(
        "DELETE", f"{_PATH}/{{id}}", "deleteClient", changing(REMOVE_CLIENT), "write",
        "Delete a client, or archive one that has documents", response_model=RemovedResource, tag="clients",
    ),
    Route(
        "POST", f"{_PATH}/{{id}}/erase", "eraseClient", changing(ERASE_CLIENT), "admin",
        "Erase a client's personal data but for what issued documents must keep", response_model=Client, tag="clients",
    ),
)  # fmt: skip
