"""`/v1/api-credentials`: the account's one pair of API key and API token."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from contracts.resources.output import ResourcePage
from ingress import response_models as models
from ingress.access import credential_store
from ingress.access.credential_store import KeyPair
from ingress.access.credentials import digest, new_key_pair
from ingress.access.granting import granted
from ingress.errors import NotFound, Unauthorized
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.scopes import SCOPES
from ingress.views.paging import read_id_cursor
from storage.pool import Connection


async def regenerate(api: Api, call: Request) -> Response:
    """Make a new pair and end the old one; the API token is shown this once. A pair has all scopes.

    Raises:
        Forbidden: the caller has not.
    """
    if call.caller is None:
        raise Unauthorized
    granted(call.caller.scopes, SCOPES)
    api_key, api_token = new_key_pair()

    async def replace(conn: Connection) -> Response:
        pair = await credential_store.replace_key_pair(
            conn, account_id=call.account_id, identifier=new_id(), api_key=api_key, secret_hash=digest(api_token)
        )
        return Response(201, show(pair) | {"api_token": api_token})

    return await api.run_idempotent(call, replace)


async def list_all(api: Api, call: Request) -> Response:
    """The pair without its API token, as a list of one or none."""
    after = read_id_cursor(call)
    pair = await credential_store.find_key_pair(api.pool, account_id=call.account_id)
    items = [show(pair)] if pair and (after is None or pair.id < after) else []
    return Response(200, {"items": items, "next_cursor": None})


async def get(api: Api, call: Request) -> Response:
    """The pair without its API token."""
    pair = await credential_store.find_key_pair(api.pool, account_id=call.account_id)
    if pair is None or pair.id != call.id_of():
        raise NotFound
    return Response(200, show(pair))


async def delete(api: Api, call: Request) -> Response:
    """End the pair: what presents it gets 401 from now on."""
    identifier = call.id_of() if "id" in call.params else None
    if not await credential_store.delete_key_pair(api.pool, account_id=call.account_id, identifier=identifier):
        raise NotFound
    return Response(200, {"id": str(identifier) if identifier else None, "deleted": True})


def show(pair: KeyPair) -> dict[str, Any]:
    """A pair's response."""
    return {
        "id": str(pair.id),
        "api_key": pair.api_key,
        "created_at": pair.created_at.isoformat(),
        "last_used_at": pair.last_used_at.isoformat() if pair.last_used_at else None,
    }


_PATH = "/v1/api-credentials"

ROUTES = (
    Route(
        "POST",
        _PATH,
        "regenerateKeyPair",
        regenerate,
        "admin",
        "Make a new key pair and end the old one",
        response_model=models.NewKeyPair,
        status=201,
        tag="access",
    ),
    Route(
        "GET",
        _PATH,
        "listKeyPairs",
        list_all,
        "admin",
        "List the key pair",
        query=Page,
        response_model=ResourcePage[models.KeyPair],
        tag="access",
    ),
    Route(
        "DELETE",
        _PATH,
        "deleteCurrentKeyPair",
        delete,
        "admin",
        "End the key pair",
        response_model=models.Deleted,
        tag="access",
    ),
    Route(
        "GET",
        _PATH + "/{id}",
        "getKeyPair",
        get,
        "admin",
        "Read the key pair",
        response_model=models.KeyPair,
        tag="access",
    ),
    Route(
        "DELETE",
        _PATH + "/{id}",
        "deleteKeyPair",
        delete,
        "admin",
        "End the key pair",
        response_model=models.Deleted,
        tag="access",
    ),
)
