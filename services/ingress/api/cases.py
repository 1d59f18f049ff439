"""`/v1/cases` and `/v1/invoices/move`: where collecting from clients stands, and what people do about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from contracts.etag import entity_tag
from contracts.primitives.money import MINOR_MAX, MoneyOverflow, MoneyText, to_minor
from contracts.resources import case
from contracts.resources.case import (
    Case,
    CaseState,
    CaseWithTimeline,
    MoveByPerson,
    MoveInvoices,
    MuteIn,
    PauseIn,
    SnoozeIn,
)
from contracts.resources.collector import StepChannel
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, ShortText
from contracts.wire import commands
from ingress.api.resource_handlers import changing
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import case_queries, paging, queries, responses


class CaseFilter(Model):
    """Which cases: without `state` all that are not settled; `min_amount` is in the account's currency.

    `query` is a part of the client's name or e-mail address.
    """

    state: CaseState | None = None
    collector_id: UUID | None = None
    client_id: UUID | None = None
    next_channel: StepChannel | None = None
    min_amount: MoneyText | None = None
    query: ShortText | None = None


class CaseQuery(CaseFilter, Page):
    """Which cases, page by page: the largest amounts first, or what is due longest."""

    sort: Literal["amount", "age"] = "amount"


def _at_most_stored(amount: Decimal, currency: str) -> int:
    try:
        return to_minor(amount, currency, rounded=True)
    except MoneyOverflow:
        return MINOR_MAX  # more than any case has


async def list_cases(api: Api, call: Request) -> Response:
    """List cases."""
    query = call.query_as(CaseQuery)
    by_amount = query.sort == "amount"
    filters: dict[str, Any] = query.model_dump(exclude={"limit", "cursor", "sort", "min_amount"})
    if query.min_amount is not None:
        account = await case_queries.account(api.pool, account_id=call.account_id)
        filters["min_minor"] = _at_most_stored(query.min_amount, account["currency"])
    if query.collector_id is not None and query.state != "settled":
        filters.pop("collector_id")
        filters |= await case_queries.collectors_of(
            api.pool, account_id=call.account_id, collector_id=query.collector_id
        )
    after = paging.read_cursor(call, *case_queries.CURSORS[query.sort])
    rows = await case_queries.cases(
        api.pool, account_id=call.account_id, sort=query.sort, after=after, limit=query.limit + 1, filters=filters
    )
    column = "open_minor" if by_amount else "due_order"
    return Response(body=paging.page(call, rows, show=case.from_row, key=lambda row: (row[column], row["id"])))


async def get_case(api: Api, call: Request) -> Response:
    """Look at one case with its timeline."""
    row = await responses.row_of(api, call, queries.CASES)
    steps, entries = await case_queries.timeline(api.pool, account_id=call.account_id, case_id=row["id"])
    timeline = [case.step_entry(one) for one in steps] + [case.entry(one) for one in entries]
    timeline.sort(key=lambda one: str(one["at"]), reverse=True)
    representation = case.from_row(row)
    return Response(body=representation | {"timeline": timeline}, headers={"ETag": entity_tag(representation)})


async def move_invoices(api: Api, call: Request) -> Response:
    """Move invoices to another collector."""
    data = call.body_as(MoveInvoices).model_dump(mode="json", exclude_none=True)
    return await api.submit(call, commands.MOVE_INVOICES, data)


def _verb(verb: str, command: str, summary: str, body: type[Model] | None = None) -> Route:
    return Route(
        "POST", f"/v1/cases/{{id}}/{verb}", f"{verb}Case", changing(command), "write", summary,
        body=body, response_model=Case, tag="collections",
    )  # fmt: skip


ROUTES = (
    Route(
        "GET", "/v1/cases", "listCases", list_cases, "read", "List collection cases",
        query=CaseQuery, response_model=ResourcePage[Case], tag="collections",
    ),
    Route(
        "GET", "/v1/cases/{id}", "getCase", get_case, "read", "Get a collection case with its timeline",
        response_model=CaseWithTimeline, tag="collections",
    ),
    _verb("send", commands.SEND_CASE_STEP, "Take the pending or next step now"),
    _verb("skip", commands.SKIP_CASE_STEP, "Leave the pending or next step out"),
    _verb("pause", commands.PAUSE_CASE, "Do nothing until a time, or until resumed", PauseIn),
    _verb("resume", commands.RESUME_CASE, "End a pause"),
    _verb("mute", commands.MUTE_CASE, "Never send anything", MuteIn),
    _verb("unmute", commands.UNMUTE_CASE, "Go on after a mute"),
    _verb("snooze", commands.SNOOZE_CASE, "Let the next step wait until a time", SnoozeIn),
    Route(
        "POST", "/v1/invoices/move", "moveInvoices", move_invoices, "write",
        "Move invoices, or all that are open of a client, to another collector",
        body=MoveInvoices, response_model=MoveByPerson, tag="collections",
    ),
)  # fmt: skip
