"""`/v1/api-credentials`: the account's one pair of API key and API token."""

from __future__ import annotations

from typing import Any

from contracts.ids import new_id
from ingress.credentials import digest, new_key_pair
from ingress.errors import NotFound, Unauthorized
from ingress.granting import granted
from ingress.http.api import Api
from ingress.http.paging import read_id_cursor
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import shapes
from ingress.scopes import SCOPES
from ingress.store import callers
from ingress.store.callers import KeyPair
from storage.pool import Connection


async def regenerate(api: Api, call: Call) -> Reply:
    """Make a new pair and end the old one; the API token is shown this once. A pair has all scopes.

    Raises:
        Forbidden: the caller has not.
    """
    if call.caller is None:
        raise Unauthorized
    granted(call.caller.scopes, SCOPES)
    api_key, api_token = new_key_pair()

    async def replace(conn: Connection) -> Reply:
        pair = await callers.replace_key_pair(
            conn, account_id=call.account_id, identifier=new_id(), api_key=api_key, secret_hash=digest(api_token)
        )
        return Reply(201, show(pair) | {"api_token": api_token})

    return await api.once(call, replace)


async def list_all(api: Api, call: Call) -> Reply:
    """The pair without its API token, as a list of one or none."""
    after = read_id_cursor(call)
    pair = await callers.find_key_pair(api.pool, account_id=call.account_id)
    shown = [show(pair)] if pair and (after is None or pair.id < after) else []
    return Reply(200, {"items": shown, "next_cursor": None})


async def get(api: Api, call: Call) -> Reply:
    """The pair without its API token."""
    pair = await callers.find_key_pair(api.pool, account_id=call.account_id)
    if pair is None or pair.id != call.id_of():
        raise NotFound
    return Reply(200, show(pair))


async def delete(api: Api, call: Call) -> Reply:
    """End the pair: what presents it gets 401 from now on."""
    identifier = call.id_of() if "id" in call.params else None
    if not await callers.delete_key_pair(api.pool, account_id=call.account_id, identifier=identifier):
        raise NotFound
    return Reply(200, {"id": str(identifier) if identifier else None, "deleted": True})


def show(pair: KeyPair) -> dict[str, Any]:
    """A pair as it is listed."""
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
        answers=shapes.NewKeyPair,
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
        answers=shapes.Listed[shapes.KeyPair],
        tag="access",
    ),
    Route(
        "DELETE",
        _PATH,
        "deleteCurrentKeyPair",
        delete,
        "admin",
        "End the key pair",
        answers=shapes.Deleted,
        tag="access",
    ),
    Route(
        "GET", _PATH + "/{id}", "getKeyPair", get, "admin", "Read the key pair", answers=shapes.KeyPair, tag="access"
    ),
    Route(
        "DELETE",
        _PATH + "/{id}",
        "deleteKeyPair",
        delete,
        "admin",
        "End the key pair",
        answers=shapes.Deleted,
        tag="access",
    ),
)
