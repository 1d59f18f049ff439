"""Inboxes: what suppliers and customers sent; the document, its source and its file side by side; accept or reject."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import aiohttp
import orjson
from aiohttp import web

from console import editing, inbox_corrections, listing
from console.api_client import Problem
from console.editing import verb
from console.forms import KEY_FIELD, Field, Filled
from console.i18n import N_
from console.inbox_corrections import PARTY_OF
from console.listing import Column, Filter, Listing, choice
from console.visit import Route, Visit

BOXES: Final = {"purchases": N_("Purchase inbox"), "sales": N_("Sales inbox")}
SOURCE_CHARS_MAX: Final = 60_000  # of a document's source on its page; the rest is in the download
UPLOAD_BYTES_MAX: Final = 20 * 1024 * 1024  # as the API takes
FILTERS: Final = (
    choice("state", N_("Status"), "received", "accepted", "rejected", "duplicate"),
    Filter("sender", N_("Sender")),
    Filter("document_ref", N_("Number")),
)
SHOWN_AS_TEXT: Final = ("xml", "json", "text")
LINES_ADDED: Final = 2  # empty ones below what was read, where a file has none that could be read


def _listing(box: str, sender: str) -> Listing:
    return Listing(
        title=BOXES[box],
        api_path=f"/v1/inbox/{box}",
        path=f"/inbox/{box}",
        columns=(
            Column("document.document_ref", N_("Number"), "number_or_file"),
            Column(sender, N_("Sender")),
            Column("document.document_date", N_("Date"), "day"),
            Column("state", N_("Status"), "badge"),
            Column("format", N_("Format"), "label"),
            Column("document.gross_amount", N_("Total"), "money", currency="document.currency"),
            Column("received_at", N_("Received"), "moment"),
        ),
        filters=FILTERS,
        row=f"/inbox/{box}/{{id}}",
        new=(f"/inbox/{box}/upload", N_("Upload a document")),
        more=(("/inbox-rules", N_("Rules")), ("/channels", N_("Channels"))),
        empty=N_(
            "Nothing has arrived yet. Activate a channel and give its address to the sender, or upload a document."
        ),
    )


LISTINGS: Final = {
    "purchases": _listing("purchases", "document.supplier.name"),
    "sales": _listing("sales", "document.client.name"),
}


def _box(visit: Visit) -> str:
    box = visit.request.match_info["box"]
    if box not in BOXES:
        raise web.HTTPNotFound
    return box


async def show_list(visit: Visit) -> web.StreamResponse:
    """The messages of a box, newest first."""
    return await listing.show(visit, LISTINGS[_box(visit)])


async def show(visit: Visit) -> web.StreamResponse:
    """One message with its source."""
    box = _box(visit)
    message = await visit.api.get(f"/v1/inbox/{box}/{visit.id}")
    source = await _source(visit, f"/v1/inbox/{box}/{visit.id}/raw")
    sender = message["document"].get(PARTY_OF[box]) or {}
    filled = visit.refused or Filled(inbox_corrections.texts_of(box, message["document"]))
    lines = len(message["document"].get("lines") or ())
    return visit.render(
        "inbox_message.html", box=box, title=BOXES[box], message=message, source=source, sender=sender, filled=filled,
        head=inbox_corrections.head_fields(box), columns=inbox_corrections.LINE_FIELDS,
        numbers=range(min(lines + LINES_ADDED, inbox_corrections.LINES_MAX)),
    )  # fmt: skip


async def show_totals(visit: Visit) -> web.StreamResponse:
    """Net, tax and total of a document that was sent without them, as a part of its page."""
    document = (await visit.api.get(f"/v1/inbox/{_box(visit)}/{visit.id}"))["document"]
    names = ("description", "quantity", "unit_price", "discount", "tax_rate")
    lines = [{name: line[name] for name in names if line.get(name)} for line in document.get("lines") or ()]
    body = {
        "sale_type": "sales_invoice", "client": {"name": "-"}, "lines": lines, "currency": document.get("currency"),
        "include_tax": bool(document.get("include_tax")),
    }  # fmt: skip
    try:
        sale = await visit.api.post("/v1/sales/calculate", body)
    except Problem as problem:
        return visit.render("sale_totals.html", sale=None, faults=problem.field_errors)
    return visit.render("sale_totals.html", sale=sale, faults=[], rows=range(len(lines)))


async def _source(visit: Visit, path: str) -> str | None:
    """The beginning of what was sent, where it is text; JSON with a line for each value."""
    try:
        async with visit.api.open("GET", path) as reply:
            if not any(kind in reply.content_type for kind in SHOWN_AS_TEXT):
                return None
            content = await reply.content.read(SOURCE_CHARS_MAX)
    except Problem:
        return None
    with suppress(orjson.JSONDecodeError):
        content = orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2)
    return content.decode("utf-8", "replace")


async def show_file(visit: Visit) -> web.StreamResponse:
    """The message's file, the source or an attachment."""
    box, info = _box(visit), visit.request.match_info
    part = f"attachments/{info['number']}" if "number" in info else info["part"]
    return await editing.pass_file(visit, f"/v1/inbox/{box}/{visit.id}/{part}")


async def accept(visit: Visit) -> web.StreamResponse:
    """Accept the message: it becomes a bill or a document; with `always`, so do those of this sender from now on."""
    box, form = _box(visit), await visit.read_form()
    body: dict[str, Any] = {"despite_duplicate": form.get("despite_duplicate") == "true"}
    if box == "sales":
        body["issue"] = form.get("issue") == "true"
    message = await visit.api.get(f"/v1/inbox/{box}/{visit.id}")
    if changes := inbox_corrections.changes_of(box, message["document"], form):
        body["document"] = changes
    try:
        await visit.api.post(f"/v1/inbox/{box}/{visit.id}/accept", body, key=form.get(KEY_FIELD))
        if form.get("always") == "true":
            await visit.api.post("/v1/inbox/rules", _rule(box, message))
    except Problem as problem:
        fields = [*inbox_corrections.head_fields(box), *inbox_corrections.line_fields(inbox_corrections.LINES_MAX)]
        return await editing.refuse(visit, show, problem, form, fields)
    return visit.go(f"/inbox/{box}/{visit.id}", visit.text(N_("Accepted.")))


def _rule(box: str, message: dict[str, Any]) -> dict[str, Any]:
    """A rule that accepts what this message's sender sends: by the strongest sign of who that is."""
    sender = message["document"].get(PARTY_OF[box]) or {}
    signs = ("tax_number", "reg_number", "email", "name")
    match = next(({sign: sender[sign]} for sign in signs if sender.get(sign)), {})
    if not match and message["channel"]:
        match = {"channel_id": message["channel"]["id"]}
    return {"box": box, "match": match, "action": "accept"}


async def show_upload(visit: Visit) -> web.StreamResponse:
    """The form for a file."""
    box = _box(visit)
    return visit.render("inbox_upload.html", box=box, title=BOXES[box])


async def upload(visit: Visit) -> web.StreamResponse:
    """Pass the posted form with its file on to the API, as it stands."""
    box = _box(visit)
    if (visit.request.content_length or 0) > UPLOAD_BYTES_MAX:
        raise web.HTTPRequestEntityTooLarge(UPLOAD_BYTES_MAX, visit.request.content_length or 0)
    headers = {"Content-Type": visit.request.headers["Content-Type"]}
    payload = aiohttp.AsyncIterablePayload(visit.request.content.iter_chunked(64 * 1024))
    try:
        async with visit.api.open("POST", f"/v1/inbox/{box}", data=payload, headers=headers) as reply:
            made = await reply.json()
    except Problem as problem:
        return editing.failed(visit, f"/inbox/{box}/upload", problem)
    return visit.go(f"/inbox/{box}/{made.get('message_id') or made['id']}", visit.text(N_("It is in the inbox.")))


RULES: Final = Listing(
    title=N_("Inbox rules"),
    api_path="/v1/inbox/rules",
    path="/inbox-rules",
    columns=(
        Column("name", N_("Name")),
        Column("box", N_("Inbox"), "label"),
        Column("match", N_("Sender"), "pairs"),
        Column("created_at", N_("Since"), "moment"),
        Column("id", N_("Delete"), "delete", link="/inbox-rules/{id}/delete"),
    ),
    filters=(choice("box", N_("Inbox"), "purchases", "sales"),),
    empty=N_("No rule yet. Accept a message with “always do so for this sender”, and a rule appears here."),
)  # fmt: skip


async def show_rules(visit: Visit) -> web.StreamResponse:
    """The rules that accept by themselves."""
    return await listing.show(visit, RULES)


_HERE: Final = "/inbox/{box}/{id}"
ROUTES: Final = (
    Route("GET", "/inbox-rules", show_rules),
    Route(
        "POST", "/inbox-rules/{id}/delete",
        verb("/v1/inbox/rules/{id}", "/inbox-rules", N_("Deleted."), method="DELETE"),
    ),
    Route("GET", "/inbox/{box}", show_list),
    Route("GET", "/inbox/{box}/upload", show_upload),
    Route("POST", "/inbox/{box}/upload", upload),
    Route("GET", _HERE, show),
    Route("GET", f"{_HERE}/totals", show_totals),
    Route("GET", f"{_HERE}/{{part:raw|file}}", show_file),
    Route("GET", f"{_HERE}/attachments/{{number:\\d+}}", show_file),
    Route("POST", f"{_HERE}/accept", accept),
    Route(
        "POST", f"{_HERE}/reject",
        verb("/v1/inbox/{box}/{id}/reject", _HERE, N_("Rejected."), fields=(Field("reason", N_("Reason")),), page=show),
    ),
)  # fmt: skip
