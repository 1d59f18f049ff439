"""Sales: the list of documents, and one document."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console import listing
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.visit import Route, Visit

KINDS: Final = (
    "sales_invoice", "sales_estimate", "sales_order", "sales_proforma", "sales_receipt", "credit_note",
)  # fmt: skip
LISTING: Final = Listing(
    title=N_("Sales"),
    api_path="/v1/sales",
    path="/sales",
    columns=(
        Column("number", N_("Number"), "code"),
        Column("sale_type", N_("Kind"), "label"),
        Column("client.name", N_("Client")),
        Column("document_date", N_("Date"), "day"),
        Column("date_due", N_("Due"), "day"),
        Column("status", N_("Status"), "badge"),
        Column("total", N_("Total"), "money"),
        Column("amount_due", N_("Open"), "money"),
    ),
    filters=(
        choice("sale_type", N_("Kind"), *KINDS),
        choice("status", N_("Status"), "draft", "issued", "void"),
        choice("settlement", N_("Payment"), "unpaid", "partial", "paid"),
        choice("overdue", N_("Overdue"), "true", "false"),
        Filter("number", N_("Number")),
    ),
    row="/sales/{id}",
    empty=N_("No document yet. Documents that you make, import or accept from the inbox appear here."),
)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The documents, newest first."""
    return await listing.show(visit, LISTING)


async def show(visit: Visit) -> web.StreamResponse:
    """One document."""
    sale = await visit.api.get(f"/v1/sales/{visit.id}")
    return visit.render("sale.html", sale=sale)


ROUTES: Final = (Route("GET", "/sales", show_list), Route("GET", "/sales/{id}", show))
