"""The search actions for clients, products and sales: a missing one is a result, not an error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson

from contracts.catalog import inputs
from contracts.resources import client, product, sale
from contracts.resources.client import Client, ClientIn, found_or_created
from contracts.resources.output import ResponseModel
from contracts.resources.product import Product
from contracts.resources.sale import Sale
from contracts.resources.schemas import Model
from contracts.wire.commands import DRY_RUN, UPSERT_CLIENT
from ingress.http.context import Api
from ingress.http.route import Request, Response
from ingress.views import queries
from ingress.views.batches import Row
from ingress.views.queries import View

LOOKED_AT_MAX: Final = 200
CREATED: Final = 201


class RunQuery(Model):
    """With `dry_run` nothing changes: the response shows what would."""

    dry_run: bool = False


class FoundClient(ResponseModel):
    """A client, if there is one."""

    found: bool
    client: Client | None


class CreatedClient(ResponseModel):
    """A client, and whether it was there or was made just now."""

    found: bool
    created: bool
    client: Client


class FoundProduct(ResponseModel):
    """A product, if there is one."""

    found: bool
    product: Product | None


class FoundSale(ResponseModel):
    """A sales document, if there is one."""

    found: bool
    sale: Sale | None


async def find_client(api: Api, call: Request) -> Response:
    """Find a client by the first given field that matches one."""
    requested = call.body_as(inputs.FindClient)
    by_number = {"reg_number": requested.reg_number, "query": requested.reg_number}
    ways = ({"external_id": requested.external_id}, {"email": requested.email}, by_number, {"query": requested.query})
    row = await _first(api, call, queries.CLIENTS, ways)
    return Response(body={"found": row is not None, "client": client.from_row(row) if row else None})


async def find_product(api: Api, call: Request) -> Response:
    """Find a product by the first given field that matches one."""
    requested = call.body_as(inputs.FindProduct)
    ways = ({"code": requested.code}, {"external_id": requested.external_id}, {"query": requested.query})
    row = await _first(api, call, queries.PRODUCTS, ways)
    return Response(body={"found": row is not None, "product": product.from_row(row) if row else None})


async def find_sale(api: Api, call: Request) -> Response:
    """Find a sales document by the first given field that matches one."""
    requested = call.body_as(inputs.FindSale)
    for way in ({"number": requested.number}, {"external_id": requested.external_id}):
        if None not in way.values():
            rows = await queries.newest(
                api.pool, queries.SALES, account_id=call.account_id, before=None, limit=1, **way
            )
            if rows:
                return Response(body={"found": True, "sale": sale.from_row(rows[0], api.urls)})
    return Response(body={"found": False, "sale": None})


async def find_or_create_client(api: Api, call: Request) -> Response:
    """Find the client that is meant, or make it."""
    sent = call.body_as(ClientIn).model_dump(mode="json", exclude_unset=True)
    data = sent | {"on_conflict": "return"}
    if call.query_as(RunQuery).dry_run:
        return _tried(await api.submit(call, DRY_RUN, {"command": UPSERT_CLIENT, "data": data}))
    reply = await api.submit(call, UPSERT_CLIENT, data)
    if reply.status not in {200, CREATED}:
        return reply
    client = orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body
    headers = {name: value for name, value in reply.headers.items() if name != "Location"}
    if reply.status == CREATED:
        headers["Location"] = f"/v1/clients/{client['id']}"
    return replace(reply, body=found_or_created(client, created=reply.status == CREATED), headers=headers)


def _tried(reply: Response) -> Response:
    if reply.status != 200:  # noqa: PLR2004  refused, or not decided yet
        return reply
    preview = orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body
    would = found_or_created(preview["would"], created=bool(preview["changes"]))
    return replace(reply, body=preview | {"would": would})


async def _first(api: Api, call: Request, view: View, ways: tuple[dict[str, Any], ...]) -> Row | None:
    """The oldest match of the first field that matches; by a part of a name only, the newest."""
    for way in ways:
        if None in way.values():
            continue
        rows = await queries.newest(
            api.pool, view, account_id=call.account_id, before=None, limit=LOOKED_AT_MAX, archived=False, **way
        )
        if rows:
            return rows[0] if list(way) == ["query"] else rows[-1]
    return None
