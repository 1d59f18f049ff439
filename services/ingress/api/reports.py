"""`/v1/reports/...`, `/v1/journal` and clients' statements: the ledger as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from contracts.primitives.money import from_minor
from contracts.primitives.problem import FieldError
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, WithCurrency
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.response_models import reports as shapes_reports
from ingress.views import paging, queries, report_queries, responses
from ingress.views.batches import Row

_AGES: Final = (
    "not_due", "days_1_30", "days_31_60", "days_61_90", "over_90", "receivable", "unapplied",
)  # fmt: skip


class AsOf(Model):
    """As of the end of which day: by default today in the account's time zone."""

    as_of: dt.date | None = None


class AgeingQuery(AsOf, Page):
    """As of the end of which day, and which page of the clients."""


class StatementQuery(WithCurrency, Page):
    """Which period, both days included, in which currency: by default the client's."""

    since: dt.date | None = Field(default=None, alias="from")
    to: dt.date | None = None


class JournalQuery(Page):
    """Which days, both included (`as_of` is another word for `to`), and of which document or payment."""

    since: dt.date | None = Field(default=None, alias="from")
    to: dt.date | None = None
    as_of: dt.date | None = None
    document_id: UUID | None = None


async def trial_balance(api: Api, call: Request) -> Response:
    """Sum up the journal's accounts."""
    as_of = await _day(api, call, call.query_as(AsOf).as_of)
    rows = await report_queries.trial_balance(api.pool, account_id=call.account_id, as_of=as_of)
    items = [
        {"account": row["ledger_account"], "currency": row["currency"]}
        | _sides(row["debit_minor"], row["credit_minor"], row["currency"])
        | {"balance": from_minor(int(row["debit_minor"] - row["credit_minor"]), row["currency"])}
        for row in rows
    ]
    totals = [
        {"currency": currency}
        | _sides(sum(row["debit_minor"] for row in of_it), sum(row["credit_minor"] for row in of_it), currency)
        for currency, of_it in _by_currency(rows)
    ]
    return Response(body={"as_of": as_of.isoformat(), "items": items, "totals": totals})


async def ageing(api: Api, call: Request) -> Response:
    """Return who owes what, and for how long."""
    query = call.query_as(AgeingQuery)
    before = paging.read_cursor(call, UUID, str)
    as_of = await _day(api, call, query.as_of)
    totals, rows = await report_queries.ageing(
        api.pool,
        account_id=call.account_id,
        as_of=as_of,
        before=None if before is None else (before[0], before[1]),
        limit=query.limit + 1,
    )
    listed = paging.page(
        call,
        rows,
        show=lambda row: {"client_id": str(row["client_id"]), "name": row["name"]} | _aged(row),
        key=lambda row: (row["client_id"], row["currency"]),
        beside={"as_of": as_of.isoformat(), "totals": [_aged(row) for row in totals]},
    )
    return Response(body=listed)


async def statement(api: Api, call: Request) -> Response:
    """Return what a client was charged, paid and owed over a period."""
    query = call.query_as(StatementQuery)
    place = paging.read_cursor(call, dt.date, UUID)
    client = await responses.row_of(api, call, queries.CLIENTS)
    currency = query.currency or client["currency"]
    since, to = query.since or dt.date.min, await _day(api, call, query.to)
    _check_period(since, to)
    of = {"account_id": call.account_id, "client_id": client["id"], "currency": currency}
    after = (since, report_queries.LOWEST_ID) if place is None else (place[0], place[1])
    opening = await report_queries.balance_before(api.pool, **of, on=since, entry_id=report_queries.LOWEST_ID)
    closing = await report_queries.balance_before(api.pool, **of, on=to, entry_id=queries.HIGHEST_ID)
    so_far = opening
    if place is not None:
        next_id = UUID(int=min(place[1].int + 1, queries.HIGHEST_ID.int))
        so_far = await report_queries.balance_before(api.pool, **of, on=place[0], entry_id=next_id)
    rows = await report_queries.statement(api.pool, **of, after=after, to=to, limit=query.limit + 1)
    period = {"from": None if query.since is None else since.isoformat(), "to": to.isoformat()}
    sums = {"opening": from_minor(opening, currency), "closing": from_minor(closing, currency)}
    listed = paging.page(
        call,
        list(_with_balance(rows, so_far)),
        show=lambda row: _stated(row[0], row[1], currency),
        key=lambda row: (row[0]["booked_on"], row[0]["entry_id"]),
        beside={"client_id": str(client["id"]), "currency": currency, **period, **sums},
    )
    return Response(body=listed)


async def journal(api: Api, call: Request) -> Response:
    """List the entries, the latest day first."""
    query = call.query_as(JournalQuery)
    if query.to is not None and query.as_of is not None:
        raise InvalidInput(faults=[FieldError("as_of", "`as_of` and `to` are aliases; send only one")])
    place = paging.read_cursor(call, dt.date, UUID)
    since, to = query.since or dt.date.min, query.to or query.as_of or dt.date.max
    _check_period(since, to)
    entries = report_queries.journal(
        api.pool,
        account_id=call.account_id,
        since=since,
        before=(to, queries.HIGHEST_ID) if place is None else (place[0], place[1]),
        limit=query.limit + 1,
        document_id=query.document_id,
    )
    entries = api.reads.in_turn(call.account_id, entries)
    listed = await paging.page_of_batches(call, entries, show=_entry, key=lambda row: (row["booked_on"], row["id"]))
    return Response(body=listed)


async def _day(api: Api, call: Request, requested: dt.date | None) -> dt.date:
    return requested or await report_queries.today(api.pool, account_id=call.account_id)


def _check_period(since: dt.date, to: dt.date) -> None:
    if to < since:
        raise InvalidInput(faults=[FieldError("to", "is before from")])


def _by_currency(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    return [(currency, list(of_it)) for currency, of_it in groupby(rows, key=lambda row: row["currency"])]


def _sides(debit: Any, credit: Any, currency: str) -> dict[str, str]:
    return {"debit": from_minor(int(debit), currency), "credit": from_minor(int(credit), currency)}


def _side(minor: Any, currency: str) -> dict[str, str]:
    """An amount as debit, or as credit when it is below 0."""
    return _sides(max(minor, 0), max(-minor, 0), currency)


def _aged(row: Row) -> dict[str, str]:
    currency = row["currency"]
    return {"currency": currency} | {name: from_minor(int(row[f"{name}_minor"]), currency) for name in _AGES}


def _with_balance(rows: Iterable[Row], balance: int) -> Iterable[tuple[Row, int]]:
    for row in rows:
        balance += int(row["amount_minor"])
        yield row, balance


def _stated(row: Row, balance: int, currency: str) -> dict[str, Any]:
    return {
        "date": row["booked_on"].isoformat(),
        "kind": row["kind"],
        "document_id": str(row["document_id"]),
        "sale_type": row["sale_type"],
        "number": row["number"],
        "reference": row["reference"],
        **_side(row["amount_minor"], currency),
        "balance": from_minor(balance, currency),
    }


def _entry(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "date": row["booked_on"].isoformat(),
        "kind": row["kind"],
        "document_id": str(row["document_id"]),
        "reversal_of": None if row["reversal_of"] is None else str(row["reversal_of"]),
        "created_at": row["created_at"].isoformat(),
        "postings": [
            {name: posting[name] for name in ("account", "client_id", "supplier_id", "document_id", "currency")}
            | _side(posting["amount_minor"], posting["currency"])
            for posting in row["postings"]
        ],
    }


ROUTES = (
    Route(
        "GET", "/v1/reports/trial-balance", "getTrialBalance", trial_balance, "read",
        "Get the trial balance as of a day", query=AsOf, response_model=shapes_reports.TrialBalance, tag="reports",
    ),
    Route(
        "GET", "/v1/reports/ageing", "getAgeing", ageing, "read",
        "Get who owes what, by how long it has been due, as of a day",
        query=AgeingQuery, response_model=shapes_reports.Ageing, tag="reports",
    ),
    Route(
        "GET", "/v1/clients/{id}/statement", "getClientStatement", statement, "read", "Get a client's statement",
        query=StatementQuery, response_model=shapes_reports.Statement, tag="reports",
    ),
    Route(
        "GET", "/v1/journal", "listJournalEntries", journal, "read", "List the journal's entries",
        query=JournalQuery, response_model=ResourcePage[shapes_reports.JournalEntry], tag="reports",
    ),
)  # fmt: skip
