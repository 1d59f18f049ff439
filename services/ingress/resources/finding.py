"""The actions that look for a client or a product: what is not found is no error, but said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson

from contracts import present
from contracts.catalog import inputs
from contracts.commands import UPSERT_CLIENT
from contracts.objects import ClientIn
from ingress.http.api import Api
from ingress.http.route import Call, Reply
from ingress.resources import reads, shapes
from ingress.resources.reads import Row, View
from ingress.resources.shapes.base import Answer

LOOKED_AT_MAX: Final = 200
CREATED: Final = 201


class FoundClient(Answer):
    """A client, if there is one."""

    found: bool
    client: shapes.Client | None


class MadeClient(Answer):
    """A client, and whether it was made just now."""

    created: bool
    client: shapes.Client


class FoundProduct(Answer):
    """A product, if there is one."""

    found: bool
    product: shapes.Product | None


async def find_client(api: Api, call: Call) -> Reply:
    """Find a client by the first thing told of it that finds one."""
    asked = call.body_as(inputs.FindClient)
    by_number = {"reg_number": asked.reg_number, "query": asked.reg_number}
    ways = ({"external_id": asked.external_id}, {"email": asked.email}, by_number, {"query": asked.query})
    row = await _first(api, call, reads.CLIENTS, ways)
    return Reply(body={"found": row is not None, "client": present.client(row) if row else None})


async def find_product(api: Api, call: Call) -> Reply:
    """Find a product by the first thing told of it that finds one."""
    asked = call.body_as(inputs.FindProduct)
    ways = ({"code": asked.code}, {"external_id": asked.external_id}, {"query": asked.query})
    row = await _first(api, call, reads.PRODUCTS, ways)
    return Reply(body={"found": row is not None, "product": present.product(row) if row else None})


async def find_or_create_client(api: Api, call: Call) -> Reply:
    """Find the client that is meant, or make it."""
    sent = call.body_as(ClientIn).model_dump(mode="json", exclude_unset=True)
    reply = await api.submit(call, UPSERT_CLIENT, sent | {"on_conflict": "return"})
    if reply.status not in {200, CREATED}:
        return reply
    client = orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body
    headers = {name: value for name, value in reply.headers.items() if name != "Location"}
    if reply.status == CREATED:
        headers["Location"] = f"/v1/clients/{client['id']}"
    return replace(reply, body={"created": reply.status == CREATED, "client": client}, headers=headers)


async def _first(api: Api, call: Call, view: View, ways: tuple[dict[str, Any], ...]) -> Row | None:
    """The oldest that is found by the first way that finds one; by a part of a name alone, the newest."""
    for way in ways:
        if None in way.values():
            continue
        rows = await reads.newest(
            api.pool, view, account_id=call.account_id, before=None, limit=LOOKED_AT_MAX, archived=False, **way
        )
        if rows:
            return rows[0] if list(way) == ["query"] else rows[-1]
    return None
