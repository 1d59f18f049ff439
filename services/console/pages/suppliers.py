"""Suppliers and their bills: lists, and one bill with its file."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console import document_timeline, editing, listing
from console.editing import verb
from console.forms import Field
from console.i18n import N_
from console.listing import Column, Filter, Listing
from console.visit import Route, Visit

SUPPLIERS: Final = Listing(
    title=N_("Suppliers"),
    api_path="/v1/suppliers",
    path="/suppliers",
    columns=(
        Column("name", N_("Name")),
        Column("reg_number", N_("Registration number"), "code"),
        Column("tax_number", N_("VAT number"), "code"),
        Column("email", N_("E-mail")),
        Column("created_at", N_("Since"), "day"),
    ),
    filters=(Filter("query", N_("Name")), Filter("reg_number", N_("Registration number"))),
    row="/bills?supplier_id={id}",
    more=(("/export/suppliers", N_("Export")),),
    empty=N_("No supplier yet. A supplier appears with the first bill that you accept from the purchase inbox."),
)
BILLS: Final = Listing(
    title=N_("Bills"),
    api_path="/v1/bills",
    path="/bills",
    columns=(
        Column("document_ref", N_("Number"), "code"),
        Column("supplier.name", N_("Supplier")),
        Column("document_date", N_("Date"), "day"),
        Column("date_due", N_("Due"), "day"),
        Column("status", N_("Status"), "badge"),
        Column("payable", N_("To pay"), "money"),
    ),
    filters=(Filter("document_ref", N_("Number")), Filter("supplier_id", "", kind="hidden")),
    row="/bills/{id}",
    empty=N_("No bill yet. Accept a supplier's document from the purchase inbox, and its bill appears here."),
)


async def show_suppliers(visit: Visit) -> web.StreamResponse:
    """The suppliers, newest first."""
    return await listing.show(visit, SUPPLIERS)


async def show_bills(visit: Visit) -> web.StreamResponse:
    """The bills, newest first."""
    return await listing.show(visit, BILLS)


async def show_bill(visit: Visit) -> web.StreamResponse:
    """One bill, and how it came in."""
    bill = await visit.api.get(f"/v1/bills/{visit.id}")
    message = await visit.api.find(f"/v1/inbox/purchases/{bill['message_id']}")  # it may not be kept any more
    return visit.render("bill.html", bill=bill, timeline=document_timeline.of_bill(bill, message))


async def show_file(visit: Visit) -> web.StreamResponse:
    """The bill's file."""
    return await editing.pass_file(visit, f"/v1/bills/{visit.id}/file")


ROUTES: Final = (
    Route("GET", "/suppliers", show_suppliers),
    Route("GET", "/bills", show_bills),
    Route("GET", "/bills/{id}", show_bill),
    Route("GET", "/bills/{id}/file", show_file),
    Route(
        "POST", "/bills/{id}/void",
        verb("/v1/bills/{id}/void", "/bills/{id}", N_("Void."), fields=(Field("reason", N_("Reason")),)),
    ),
)  # fmt: skip
