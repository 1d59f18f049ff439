"""`/v1/tokens`: access tokens for programs. Only the response that created a token has its secret."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import structlog
from pydantic import AliasChoices, Field

from contracts.primitives.ids import new_id
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, ShortText
from contracts.wire.commands import DELETE_HOOKS_OF_CREDENTIAL
from ingress import response_models as models
from ingress.access import credential_store
from ingress.access.credential_store import TOKENS_MAX, Token
from ingress.access.credentials import digest, new_access_token
from ingress.access.granting import granted
from ingress.errors import LimitReached, NotFound, Unauthorized
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.scopes import SCOPES, Scope
from ingress.views import queries
from ingress.views.paging import page, read_id_cursor
from ingress.views.queries import MadeBy
from storage.pool import Connection

log = structlog.get_logger(__name__)


class TokenIn(Model):
    """An application's name, and what it may do: all that its maker may, unless fewer scopes are named."""

    name: Annotated[ShortText, Field(validation_alias=AliasChoices("name", "application_name", "application"))]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))] | None = None


class TokenDeletion(Model):
    """What happens to the hooks that the token made: they stay, or are deleted at once. Automations stay."""

    hooks: Literal["keep", "delete"] = "keep"


async def create(api: Api, call: Request) -> Response:
    """Make a token and show its secret this once."""
    requested, caller = call.body_as(TokenIn), call.caller
    if caller is None:
        raise Unauthorized
    scopes = granted(caller.scopes, requested.scopes or caller.scopes)
    secret = new_access_token()

    async def insert(conn: Connection) -> Response:
        token = await credential_store.insert_token(
            conn, account_id=call.account_id, identifier=new_id(), name=requested.name, secret_hash=digest(secret),
            scopes=scopes,
        )  # fmt: skip
        if token is None:
            raise LimitReached(f"an account has at most {TOKENS_MAX} tokens: delete one that is not used")
        headers = {"Location": f"/v1/tokens/{token.id}"}
        return Response(201, show(token) | {"token": secret, "access_token": secret}, headers)

    return await api.run_idempotent(call, insert)


async def list_all(api: Api, call: Request) -> Response:
    """The account's tokens without their secrets, newest first."""
    requested = call.query_as(Page)
    rows = await credential_store.list_tokens(
        api.pool, account_id=call.account_id, before=read_id_cursor(call), limit=requested.limit + 1
    )
    return Response(200, page(call, rows, show=show, key=lambda token: (token.id,)))


async def get(api: Api, call: Request) -> Response:
    """One token without its secret."""
    token = await credential_store.find_token(api.pool, account_id=call.account_id, identifier=call.id_of())
    if token is None:
        raise NotFound
    return Response(200, show(token))


async def delete(api: Api, call: Request) -> Response:
    """Delete a token: requests with it get 401 from now on. Return what it made, and delete its hooks if requested."""
    identifier, with_hooks = call.id_of(), call.query_as(TokenDeletion).hooks == "delete"
    made = await _made_by(api, call.account_id, identifier)

    async def work(conn: Connection) -> None:
        if not await credential_store.delete_token(conn, account_id=call.account_id, identifier=identifier):
            raise NotFound

    if with_hooks:
        await api.submit_with(call, DELETE_HOOKS_OF_CREDENTIAL, {"credential_id": str(identifier)}, work)
    else:
        async with api.pool.acquire() as conn:
            await work(conn)
    hooks, automations = (made.hooks, made.automations) if made else (None, None)
    body = {"id": identifier, "deleted": True, "hooks": hooks, "automations": automations}
    return Response(200, body | {"hooks_deleted": hooks if with_hooks else 0})


async def _made_by(api: Api, account_id: UUID, credential_id: UUID) -> MadeBy | None:
    """Count what the token made; None when that cannot be read now, which must not prevent the deletion."""
    try:
        return await queries.count_made_by(api.pool, account_id=account_id, credential_id=credential_id)
    except (asyncpg.PostgresError, OSError):
        log.exception("count_of_hooks_failed")
        return None


def show(token: Token) -> dict[str, Any]:
    """A token's response."""
    return {
        "id": str(token.id),
        "name": token.name,
        "scopes": token.scopes,
        "created_at": token.created_at.isoformat(),
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
    }


ROUTES = (
    Route(
        "POST",
        "/v1/tokens",
        "createToken",
        create,
        "admin",
        "Make an access token",
        body=TokenIn,
        response_model=models.NewToken,
        status=201,
        tag="access",
    ),
    Route(
        "GET",
        "/v1/tokens",
        "listTokens",
        list_all,
        "admin",
        "List access tokens",
        query=Page,
        response_model=ResourcePage[models.Token],
        tag="access",
    ),
    Route(
        "GET",
        "/v1/tokens/{id}",
        "getToken",
        get,
        "admin",
        "Read an access token",
        response_model=models.Token,
        tag="access",
    ),
    Route(
        "DELETE",
        "/v1/tokens/{id}",
        "deleteToken",
        delete,
        "admin",
        "Delete an access token, and with `hooks=delete` the hooks it made",
        query=TokenDeletion,
        response_model=models.DeletedToken,
        tag="access",
    ),
)
