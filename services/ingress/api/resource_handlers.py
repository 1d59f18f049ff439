"""Handlers of resources, made from data: a page, one of them, and the commands that create or change one.

A resource with more to it than a view or a command has handlers of its own, in its module.
"""

from __future__ import annotations

from contracts.resources.schemas import DEFAULT_ON_CONFLICT, Model, OnConflict
from ingress.http.context import Api
from ingress.http.route import Handler, Page, Request, Response
from ingress.views import responses
from ingress.views.queries import View


class OnConflictQuery(Model):
    """What happens when it exists already: `error` (409), `update` (as PATCH), or `return` (unchanged)."""

    on_conflict: OnConflict = DEFAULT_ON_CONFLICT


def listing(view: View, show: responses.Show) -> Handler:
    """Handle the list of a view: newest first, by the filters of the route's query."""

    async def list_page(api: Api, call: Request) -> Response:
        filters = call.query_as(Page).model_dump(exclude={"limit", "cursor"})
        return await responses.many(api, call, view, show, **filters)

    return list_page


def getting(view: View, show: responses.Show) -> Handler:
    """Handle one row of a view: that of the path's id."""

    async def get(api: Api, call: Request) -> Response:
        return await responses.one(api, call, view, show)

    return get


def creating(command: str) -> Handler:
    """Handle a command whose data is the body, with its defaults."""

    async def create(api: Api, call: Request) -> Response:
        return await api.submit(call, command, call.body_as(Model).model_dump(mode="json"))

    return create


def creating_or_finding(command: str, upsert: str) -> Handler:
    """Handle `command`; with `on_conflict` in the query `upsert`, whose data is only what was sent."""

    async def create(api: Api, call: Request) -> Response:
        given, on_conflict = call.body_as(Model), call.query_as(OnConflictQuery).on_conflict
        if on_conflict == "error":
            return await api.submit(call, command, given.model_dump(mode="json"))
        sent = given.model_dump(mode="json", exclude_unset=True)
        return await api.submit(call, upsert, sent | {"on_conflict": on_conflict})

    return create


def changing(command: str) -> Handler:
    """Handle a command on what is in the path: its data is the id and the body's fields that were sent."""

    async def change(api: Api, call: Request) -> Response:
        subject_id = call.id_of()
        sent = {} if call.body is None else call.body.model_dump(mode="json", exclude_unset=True)
        return await api.submit(call, command, {"id": str(subject_id), **sent}, subject_id=subject_id)

    return change
