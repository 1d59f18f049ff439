"""Payments: the list, one payment with what it settled, and the form with a proposed allocation."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from console import editing, listing
from console.api_client import Problem
from console.editing import FormPage, verb
from console.forms import KEY_FIELD, Field, Filled, Group, Option, as_object, value_of
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.visit import Route, Visit

METHODS: Final = ("bank", "cash", "card", "prepayment", "offsetting", "factoring", "not_defined")
_ALLOCATION: Final = re.compile(r"allocations\[(\d+)\]")
OPEN_MAX: Final = 100  # invoices of a client that a payment is spread over on one page
LISTING: Final = Listing(
    title=N_("Payments"),
    api_path="/v1/payments",
    path="/payments",
    columns=(
        Column("date", N_("Date"), "day"),
        Column("client.name", N_("Client")),
        Column("method", N_("Method"), "label"),
        Column("reference", N_("Reference")),
        Column("status", N_("Status"), "badge"),
        Column("amount", N_("Amount"), "money"),
        Column("unapplied", N_("Not applied"), "money"),
    ),
    filters=(
        choice("status", N_("Status"), "pending", "confirmed", "failed", "reversed"),
        Filter("client_id", "", kind="hidden"),
    ),
    row="/payments/{id}",
    new=("/payments/new", N_("Record payment")),
    more=(("/export/payments", N_("Export")),),
    empty=N_("No payment yet. Record the first one, and say which invoices it settles."),
)
FIELDS: Final = (
    Field("amount", N_("Amount"), "decimal", required=True),
    Field("currency", N_("Currency"), required=True),
    Field("date", N_("Date"), "date"),
    Field("method", N_("Method"), "choice", options=tuple(Option(one, one) for one in METHODS)),
    Field("reference", N_("Reference")),
)
_PAGE: Final = FormPage(
    N_("Record payment"), (Group("", FIELDS),), "/payments/new", N_("Record payment"), ("/payments", N_("Payments")),
    template="payment_new.html",
)  # fmt: skip


async def show_list(visit: Visit) -> web.StreamResponse:
    """The payments, newest first."""
    return await listing.show(visit, LISTING)


async def show(visit: Visit) -> web.StreamResponse:
    """One payment and the documents it settled."""
    payment = await visit.api.get(f"/v1/payments/{visit.id}")
    found = await asyncio.gather(*(visit.api.get(f"/v1/sales/{one['sale_id']}") for one in payment["allocations"][:20]))
    sales = {sale["id"]: sale for sale in found}
    return visit.render("payment.html", payment=payment, sales=sales)


async def open_invoices(visit: Visit, client_id: str) -> list[dict[str, Any]]:
    """A client's invoices with something open, oldest first."""
    about = {"client_id": client_id, "sale_type": "sales_invoice", "limit": OPEN_MAX}
    pages = await asyncio.gather(
        *(visit.api.get("/v1/sales", about | {"settlement": state}) for state in ("unpaid", "partial"))
    )
    found = [sale for page in pages for sale in page["items"] if sale["status"] != "void"]
    return sorted(found, key=lambda sale: (sale["date_due"] or sale["document_date"], sale["id"]))


def proposed(amount: str, sales: list[dict[str, Any]], currency: str) -> dict[str, str]:
    """What of an amount goes to which invoice, the oldest first: the id of the sale and the amount."""
    try:
        left = Decimal(amount)
    except InvalidOperation:
        return {}
    parts = {}
    for sale in sales:
        part = min(left, Decimal(sale["amount_due"])) if sale["currency"] == currency else Decimal(0)
        if part > 0:
            parts[sale["id"]] = str(part)
            left -= part
    return parts


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form; with a client, their open invoices; with an invoice, its amount."""
    query = visit.request.query
    client, sales = None, []
    currency = visit.person.currency if visit.person else "EUR"
    values = {"method": "bank", "currency": currency}
    if query.get("client_id"):
        client = await visit.api.get(f"/v1/clients/{query['client_id']}")
        sales = await open_invoices(visit, client["id"])
        chosen = [sale for sale in sales if sale["id"] == query.get("sale_id")] or sales
        values["currency"] = chosen[0]["currency"] if chosen else client["currency"]
        values["client_id"] = client["id"]
        for number, sale in enumerate(sales):
            if query.get("sale_id") == sale["id"]:
                values |= {"amount": sale["amount_due"], f"allocations[{number}].amount": sale["amount_due"]}
    return _PAGE.show(visit, Filled(values), client=client, sales=sales)


async def find_client(visit: Visit) -> web.StreamResponse:
    """From a client's name to the form with their open invoices."""
    name = visit.request.query.get("client.name", "")
    found = (await visit.api.get("/v1/clients", {"query": name, "limit": 20}))["items"]
    exact = [one for one in found if one["name"] == name] or found
    if len(exact) != 1:
        return visit.go(f"/clients?{urlencode({'query': name})}", visit.text(N_("Which of these paid? Open it.")))
    return visit.go(f"/payments/new?client_id={exact[0]['id']}")


async def propose(visit: Visit) -> web.StreamResponse:
    """The allocation of the amount typed so far, as a part of the page."""
    form = await visit.read_form()
    sales = await open_invoices(visit, form.get("client_id", ""))
    amount = str(value_of(FIELDS[0], form.get("amount", "")) or "")
    parts = proposed(amount, sales, form.get("currency", ""))
    values = {
        f"allocations[{number}].amount": parts[sale["id"]]
        for number, sale in enumerate(sales)
        if sale["id"] in parts
    }  # fmt: skip
    return visit.render("payment_allocations.html", sales=sales, filled=Filled(values))


def allocated(form: Mapping[str, str]) -> list[int]:
    """The rows of the form with an amount, in their order: the allocations of the API's input."""
    return [number for number in range(OPEN_MAX) if form.get(f"allocations[{number}].amount", "").strip()]


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The API's input: allocations without an amount are left out."""
    given = [
        {
            "sale_id": form.get(f"allocations[{number}].sale_id", ""),
            "amount": value_of(FIELDS[0], form[f"allocations[{number}].amount"]),
        }
        for number in allocated(form)
    ]
    return as_object(FIELDS, form) | {"client_id": form.get("client_id", ""), "allocations": given}


def _at_rows(problem: Problem, form: Mapping[str, str]) -> None:
    """Place the faults of allocations at the rows that were filled in."""
    rows = allocated(form)
    for index, fault in enumerate(problem.faults):
        found = _ALLOCATION.match(fault.path)
        if found and int(found[1]) < len(rows):
            problem.faults[index] = replace(fault, path=f"allocations[{rows[int(found[1])]}].amount")


async def create(visit: Visit) -> web.StreamResponse:
    """Record the payment."""
    form = await visit.read_form()
    client = await visit.api.get(f"/v1/clients/{form.get('client_id', '')}")
    sales = await open_invoices(visit, client["id"])
    try:
        made = await visit.api.post("/v1/payments", body_of(form), key=form.get(KEY_FIELD))
    except Problem as problem:
        _at_rows(problem, form)
        fields = [*FIELDS, *(Field(f"allocations[{number}].amount", N_("Applied")) for number in range(len(sales)))]
        return editing.again(visit, _PAGE, problem, form, fields, client=client, sales=sales)
    return visit.go(f"/payments/{made['id']}", visit.text(N_("Payment recorded.")))


_HERE: Final = "/payments/{id}"
_REASON: Final = (Field("reason", N_("Reason")),)
_REFUND: Final = (Field("amount", N_("Amount"), "decimal"), Field("reference", N_("Reference")))
_OLDEST: Final = (Field("oldest_first", "", "checkbox"),)


def _post(name: str, notice: str, fields: tuple[Field, ...] = ()) -> Route:
    return Route("POST", f"{_HERE}/{name}", verb(f"/v1/payments/{{id}}/{name}", _HERE, notice, fields=fields))


ROUTES: Final = (
    Route("GET", "/payments", show_list),
    Route("GET", "/payments/new", show_new),
    Route("POST", "/payments/new", create),
    Route("GET", "/payments/client", find_client),
    Route("POST", "/payments/propose", propose),
    Route("GET", _HERE, show),
    _post("confirm", N_("Confirmed.")),
    _post("fail", N_("Marked as failed."), _REASON),
    _post("allocate", N_("Applied to the oldest invoices."), _OLDEST),
    _post("unallocate", N_("Taken off the invoices.")),
    _post("reverse", N_("Reversed."), _REASON),
    _post("refund", N_("Refunded."), _REFUND),
)
