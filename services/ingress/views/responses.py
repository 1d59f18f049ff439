"""Respond to reads of the API from a view: one resource or 404, or a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response
from ingress.views import queries
from ingress.views.batches import Row
from ingress.views.paging import page, page_of_batches, read_cursor, read_id_cursor
from ingress.views.queries import View

T = TypeVar("T")
Show = Callable[[Row], dict[str, Any]]


async def one(api: Api, call: Request, view: View, show: Show, **requested: Any) -> Response:
    """The resource whose id is in the path.

    Raises:
        NotFound: this account has none of this id.
    """
    return Response(body=show(await row_of(api, call, view, **requested)))


async def row_of(api: Api, call: Request, view: View, **requested: Any) -> Row:
    """The row whose id is in the path.

    Raises:
        NotFound: this account has none of this id.
    """
    row = await queries.find(api.pool, view, account_id=call.account_id, identifier=call.id_of(), **requested)
    if row is None:
        raise NotFound
    return row


async def many(api: Api, call: Request, view: View, show: Show, **requested: Any) -> Response:
    """A page by the call's `limit` and `cursor`; `asked` are filters of the view, None ones left out."""
    query = call.query_as(Page)
    found = queries.batches(
        api.pool, view, account_id=call.account_id, before=read_id_cursor(call), limit=query.limit + 1, **requested
    )
    return Response(
        body=await page_of_batches(
            call, api.reads.in_turn(call.account_id, found), show=show, key=lambda row: (row["id"],)
        )
    )


def catalog(call: Request, entries: Sequence[T], show: Callable[[T], dict[str, Any]]) -> Response:
    """A page of a catalog, in its own order; its cursor counts what was shown."""
    (already_listed,) = read_cursor(call, int) or (0,)
    numbered = list(enumerate(entries, start=1))[max(already_listed, 0) :]
    return Response(body=page(call, numbered, show=lambda one: show(one[1]), key=lambda one: (one[0],)))
