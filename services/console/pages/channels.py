"""Channels: addresses to which others send, with a sample to try them and what came last."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from console import editing
from console.api_client import ApiClient, Problem
from console.editing import verb
from console.forms import KEY_FIELD
from console.i18n import N_
from console.visit import Route, Visit

KINDS: Final = ("direct", "orders", "replies", "hook")
BOXES: Final = {"direct": "purchases", "orders": "sales"}  # where what comes in by a channel arrives
ARRIVES: Final = {
    "direct": "/inbox/purchases", "orders": "/inbox/sales", "replies": "/replies",
    "hook": "/events?trigger=webhook.received",
}  # fmt: skip


async def show(visit: Visit) -> web.StreamResponse:
    """The channels, with their addresses if the user may see them."""
    cursor = visit.request.query.get("cursor")
    found = await visit.api.get("/v1/channels", {"cursor": cursor, "limit": 50})
    return visit.render(
        "channels.html", channels=found["items"], next=found["next_cursor"], kinds=KINDS, arrives=ARRIVES, boxes=BOXES
    )


async def create(visit: Visit) -> web.StreamResponse:
    """Activate a channel."""
    form = await visit.read_form()
    body = {"kind": form.get("kind", ""), "name": form.get("name", "").strip() or None}
    try:
        await visit.api.post("/v1/channels", body, key=form.get(KEY_FIELD))
    except Problem as problem:
        return editing.failed(visit, "/channels", problem)
    return visit.go("/channels", visit.text(N_("The channel is active. Copy its address and give it to the sender.")))


def sample(kind: str, now: dt.datetime) -> dict[str, Any]:
    """What a sender could send: of its own number each time, so that it is no duplicate."""
    if kind == "hook":
        return {"sample": True, "at": now.isoformat()}
    if kind == "replies":
        return {"channel": "email", "from": "sample@sender.example", "to": "replies@here.example",
                "subject": "Sample", "body": "A sample of a reply."}  # fmt: skip
    party = {"name": "Sample sender"}
    document: dict[str, Any] = {
        "document_date": str(now.date()), "document_ref": f"SAMPLE-{now:%Y%m%d-%H%M%S}", "currency": "EUR",
        "lines": [{"description": "Sample", "quantity": "1", "unit_price": "10.00", "tax_rate": "20"}],
    }  # fmt: skip
    own = {"sale_type": "sales_invoice", "supplier": party} if kind == "direct" else {
        "sale_type": "sales_order", "client": party,
    }  # fmt: skip
    return {"document": document | own, "comment": "Sample"}


async def send_sample(visit: Visit) -> web.StreamResponse:
    """Send a sample to the channel's address as a sender does, and lead to what became of it."""
    channel = await visit.api.get(f"/v1/channels/{visit.id}")
    sender, path = ApiClient(visit.parts.http, visit.parts.settings.api_base), urlsplit(channel["url"] or "").path
    try:
        taken = await sender.post(path, sample(channel["kind"], dt.datetime.now(tz=dt.UTC)))
    except Problem as problem:
        return editing.failed(visit, "/channels", problem)
    box = BOXES.get(channel["kind"])
    at = f"/inbox/{box}/{taken['message_id']}" if box else ARRIVES[channel["kind"]]
    return visit.go(at, visit.text(N_("The sample has arrived.")))


ROUTES: Final = (
    Route("GET", "/channels", show),
    Route("POST", "/channels", create),
    Route("POST", "/channels/{id}/sample", send_sample),
    Route(
        "POST", "/channels/{id}/rotate",
        verb("/v1/channels/{id}/rotate", "/channels", N_("The channel has a new address; the old one ended."),
             takes_body=False),
    ),
    Route("POST", "/channels/{id}/disable", verb("/v1/channels/{id}", "/channels", N_("Disabled."), method="DELETE")),
)  # fmt: skip
