"""`/v1/tokens`: access tokens for programs. A token's secret is in the answer that made it and nowhere else."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Field

from contracts.ids import new_id
from contracts.objects import Model, ShortText
from ingress.credentials import digest, new_access_token
from ingress.errors import LimitReached, NotFound, Unauthorized
from ingress.granting import granted
from ingress.http.api import Api
from ingress.http.paging import page, read_id_cursor
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import shapes
from ingress.scopes import SCOPES, Scope
from ingress.store import callers
from ingress.store.callers import TOKENS_MAX, Token
from storage.pool import Connection


class TokenIn(Model):
    """An application's name, and what it may do: all that its maker may, unless fewer scopes are named."""

    name: Annotated[ShortText, Field(validation_alias=AliasChoices("name", "application_name", "application"))]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))] | None = None


async def create(api: Api, call: Call) -> Reply:
    """Make a token and show its secret this once."""
    asked, caller = call.body_as(TokenIn), call.caller
    if caller is None:
        raise Unauthorized
    scopes = granted(caller.scopes, asked.scopes or caller.scopes)
    secret = new_access_token()

    async def insert(conn: Connection) -> Reply:
        token = await callers.insert_token(
            conn, account_id=call.account_id, identifier=new_id(), name=asked.name, secret_hash=digest(secret),
            scopes=scopes,
        )  # fmt: skip
        if token is None:
            raise LimitReached(f"an account has at most {TOKENS_MAX} tokens: delete one that is not used")
        headers = {"Location": f"/v1/tokens/{token.id}"}
        return Reply(201, show(token) | {"token": secret, "access_token": secret}, headers)

    return await api.once(call, insert)


async def list_all(api: Api, call: Call) -> Reply:
    """The account's tokens without their secrets, newest first."""
    asked = call.query_as(Page)
    rows = await callers.list_tokens(
        api.pool, account_id=call.account_id, before=read_id_cursor(call), limit=asked.limit + 1
    )
    return Reply(200, page(call, rows, show=show, key=lambda token: (token.id,)))


async def get(api: Api, call: Call) -> Reply:
    """One token without its secret."""
    token = await callers.find_token(api.pool, account_id=call.account_id, identifier=call.id_of())
    if token is None:
        raise NotFound
    return Reply(200, show(token))


async def delete(api: Api, call: Call) -> Reply:
    """Delete a token: what presents it gets 401 from now on."""
    identifier = call.id_of()
    if not await callers.delete_token(api.pool, account_id=call.account_id, identifier=identifier):
        raise NotFound
    return Reply(200, {"id": identifier, "deleted": True})


def show(token: Token) -> dict[str, Any]:
    """A token as it is listed."""
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
        answers=shapes.NewToken,
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
        answers=shapes.Listed[shapes.Token],
        tag="access",
    ),
    Route(
        "GET", "/v1/tokens/{id}", "getToken", get, "admin", "Read an access token", answers=shapes.Token, tag="access"
    ),
    Route(
        "DELETE",
        "/v1/tokens/{id}",
        "deleteToken",
        delete,
        "admin",
        "Delete an access token",
        answers=shapes.Deleted,
        tag="access",
    ),
)
