"""Answer a read of the API from a view: one thing or 404, or a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ingress.errors import NotFound
from ingress.http.api import Api
from ingress.http.paging import page, read_cursor, read_id_cursor
from ingress.http.route import Call, Page, Reply
from ingress.resources import reads
from ingress.resources.reads import Row, View

T = TypeVar("T")
Show = Callable[[Row], dict[str, Any]]


async def one(api: Api, call: Call, view: View, show: Show, **asked: Any) -> Reply:
    """The thing whose id is in the path.

    Raises:
        NotFound: this account has none of this id.
    """
    return Reply(body=show(await row_of(api, call, view, **asked)))


async def row_of(api: Api, call: Call, view: View, **asked: Any) -> Row:
    """The row whose id is in the path.

    Raises:
        NotFound: this account has none of this id.
    """
    row = await reads.find(api.pool, view, account_id=call.account_id, identifier=call.id_of(), **asked)
    if row is None:
        raise NotFound
    return row


async def many(api: Api, call: Call, view: View, show: Show, **asked: Any) -> Reply:
    """A page by the call's `limit` and `cursor`; `asked` are filters of the view, None ones left out."""
    query = call.query_as(Page)
    rows = await reads.newest(
        api.pool,
        view,
        account_id=call.account_id,
        before=read_id_cursor(call),
        limit=query.limit + 1,
        **asked,
    )
    return Reply(body=page(call, rows, show=show, key=lambda row: (row["id"],)))


def catalog(call: Call, entries: Sequence[T], show: Callable[[T], dict[str, Any]]) -> Reply:
    """A page of a catalog, in its own order; its cursor counts what was shown."""
    (shown,) = read_cursor(call, int) or (0,)
    numbered = list(enumerate(entries, start=1))[max(shown, 0) :]
    return Reply(body=page(call, numbered, show=lambda one: show(one[1]), key=lambda one: (one[0],)))
