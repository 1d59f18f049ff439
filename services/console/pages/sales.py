"""Sales: the list of documents, one document with what may be done to it, and its files."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from console import bulk, collecting, document_timeline, editing, listing
from console.api_client import Problem
from console.document_kinds import KINDS, DocumentKind
from console.editing import verb
from console.forms import Field
from console.i18n import N_
from console.listing import Bulk, Column, Filter, Listing, choice
from console.visit import Route, Visit

STATES: Final = (
    "draft", "issued", "accepted", "declined", "expired", "converted", "confirmed", "closed", "cancelled",
    "written_off", "void",
)  # fmt: skip
LISTING: Final = Listing(
    title=N_("Sales"),
    api_path="/v1/sales",
    path="/sales",
    columns=(
        Column("number", N_("Number"), "number_or_draft"),
        Column("sale_type", N_("Kind"), "label"),
        Column("client.name", N_("Client")),
        Column("document_date", N_("Date"), "day"),
        Column("date_due", N_("Due"), "day"),
        Column("status", N_("Status"), "sale_state"),
        Column("total", N_("Total"), "money"),
        Column("amount_due", N_("Open"), "open"),
    ),
    filters=(
        choice("sale_type", N_("Kind"), *KINDS),
        choice("status", N_("Status"), *STATES),
        choice("settlement", N_("Payment"), "unpaid", "partial", "paid"),
        choice("overdue", N_("Overdue"), "true", "false"),
        Filter("query", N_("Number or client")),
        Filter("client_id", "", kind="hidden"),
    ),
    row="/sales/{id}",
    new=("/sales/new", N_("New document")),
    more=(("/export/sales", N_("Export")),),
    bulk=(
        Bulk("issue", N_("Issue"), "/v1/sales/{id}/issue"),
        Bulk("send", N_("Send"), "/v1/sales/{id}/send", body={}),
    ),
    empty=N_("No document yet. Documents that you make, import or accept from the inbox appear here."),
)
_SETTLED_BY: Final = ("unpaid", "partial")
HAPPENED: Final = 50  # entries of the time line at once
FORMATS: Final = ("ubl", "cii", "paytraq")


async def show_list(visit: Visit) -> web.StreamResponse:
    """The documents, newest first."""
    return await listing.show(visit, LISTING)


async def show(visit: Visit) -> web.StreamResponse:
    """One document with its disputes, its time line and what may be done to it."""
    before = {"limit": HAPPENED, "cursor": visit.request.query.get("before", "")[: listing.CURSOR_CHARS_MAX]}
    sale, happened, disputes = await asyncio.gather(
        visit.api.get(f"/v1/sales/{visit.id}"), visit.api.get(f"/v1/sales/{visit.id}/timeline", before),
        visit.api.get("/v1/disputes", {"sale_id": visit.id, "limit": 20}),
    )  # fmt: skip
    kind, state = sale["sale_type"], sale["status"]
    known = KINDS.get(kind, DocumentKind(kind))
    converts = known.converts_to if state in known.converts_in else ()
    return visit.render(
        "sale.html", sale=sale, disputes=disputes["items"], may=known.actions_in(state), converts=converts,
        timeline=list(document_timeline.of_sale(happened["items"], sale["id"])), older=happened["next_cursor"],
        is_draft=state == "draft", is_open=kind == "sales_invoice" and sale["settlement"] in _SETTLED_BY,
        resolutions=collecting.RESOLUTIONS,
    )  # fmt: skip


async def show_pdf(visit: Visit) -> web.StreamResponse:
    """The document as PDF, inside the page; with the e-invoice in it, to save."""
    query = {"facturx": "true"} if visit.request.query.get("facturx") else None
    return await editing.pass_file(visit, f"/v1/sales/{visit.id}/pdf", query, saved=query is not None)


async def show_format(visit: Visit) -> web.StreamResponse:
    """The document as an e-invoice, to save."""
    form = visit.request.match_info["form"]
    if form not in FORMATS:
        raise web.HTTPNotFound
    return await editing.pass_file(visit, f"/v1/sales/{visit.id}/{form}")


_HERE: Final = "/sales/{id}"
_REASON: Final = (Field("reason", N_("Reason")),)
_MAIL: Final = (Field("to", N_("To"), "email"), Field("subject", N_("Subject")), Field("body", N_("Text"), "area"))
_NOTE: Final = (Field("client_id", "", "hidden"), Field("sale_id", "", "hidden"), Field("body", N_("New note")))
_DISPUTE: Final = (Field("sale_id", "", "hidden"), Field("reason", N_("Reason")))


def _post(name: str, notice: str, fields: tuple[Field, ...] = ()) -> Route:
    page = show if fields == _MAIL else None
    return Route("POST", f"{_HERE}/{name}", verb(f"/v1/sales/{{id}}/{name}", _HERE, notice, fields=fields, page=page))


async def convert(visit: Visit) -> web.StreamResponse:
    """Make the document that follows from this one, and open it."""
    form = await visit.read_form()
    try:
        made = await visit.api.post(f"/v1/sales/{visit.id}/convert", {"to": form.get("to")}, key=form.get("_key"))
    except Problem as problem:
        return editing.failed(visit, f"/sales/{visit.id}", problem)
    return visit.go(f"/sales/{made['id']}", visit.text(N_("Converted.")))


async def credit(visit: Visit) -> web.StreamResponse:
    """Make a credit note over what is open or was paid, as a draft to change."""
    form, sale = await visit.read_form(), await visit.api.get(f"/v1/sales/{visit.id}")
    kept = ("item_code", "description", "quantity", "unit_price", "discount", "discount_amount", "tax_rate", "unit",
            "tax_category")  # fmt: skip
    lines = [{name: line[name] for name in kept if line.get(name) is not None} for line in sale["lines"]]
    body = {
        "sale_type": "credit_note", "client_id": sale["client_id"], "invoice_id": sale["id"],
        "currency": sale["currency"], "include_tax": sale["include_tax"], "lines": lines,
    }  # fmt: skip
    try:
        made = await visit.api.post("/v1/sales", body, key=form.get("_key"))
    except Problem as problem:
        return editing.failed(visit, f"/sales/{visit.id}", problem)
    return visit.go(f"/sales/{made['id']}", visit.text(N_("Credit note made as a draft.")))


ROUTES: Final = (
    Route("GET", "/sales", show_list),
    Route("POST", "/sales/bulk", bulk.of(LISTING)),
    Route("GET", _HERE, show),
    Route("GET", f"{_HERE}/pdf", show_pdf),
    Route("GET", f"{_HERE}/formats/{{form}}", show_format),
    _post("issue", N_("Issued.")),
    _post("send", N_("It is on its way to the client."), _MAIL),
    _post("void", N_("Void."), _REASON),
    _post("accept", N_("Accepted.")),
    _post("decline", N_("Declined."), _REASON),
    _post("expire", N_("Expired.")),
    _post("close", N_("Closed.")),
    _post("cancel", N_("Cancelled."), _REASON),
    _post("write-off", N_("Written off."), _REASON),
    _post("write-back", N_("Written back.")),
    Route("POST", f"{_HERE}/convert", convert),
    Route("POST", f"{_HERE}/credit", credit),
    Route("POST", f"{_HERE}/delete", verb("/v1/sales/{id}", "/sales", N_("Deleted."), method="DELETE")),
    Route("POST", f"{_HERE}/dispute", verb("/v1/disputes", _HERE, N_("Dispute opened."), fields=_DISPUTE, page=show)),
    Route("POST", f"{_HERE}/note", verb("/v1/notes", _HERE, N_("Note added."), fields=_NOTE)),
    Route(
        "POST", f"{_HERE}/disputes/{{dispute_id}}",
        verb(
            "/v1/disputes/{dispute_id}/resolve", _HERE, N_("Dispute resolved."),
            fields=(Field("resolution", N_("Resolution")),),
        ),
    ),
)  # fmt: skip
