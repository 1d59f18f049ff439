"""Messages with clients: what was sent and what came back."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console import listing
from console.editing import pass_file, verb
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.pages.replies import thread_of
from console.visit import Route, Visit

LISTING: Final = Listing(
    title=N_("Messages"),
    api_path="/v1/messages",
    path="/messages",
    columns=(
        Column("created_at", N_("Time"), "moment"),
        Column("client.name", N_("Client")),
        Column("channel", N_("Channel"), "label"),
        Column("subject", N_("Subject")),
        Column("state", N_("Status"), "badge"),
    ),
    filters=(
        choice("direction", N_("Direction"), "sent", "received"),
        choice("channel", N_("Channel"), "email", "sms"),
        choice("needs_response", N_("Needs an answer"), "true", "false"),
        choice("unmatched", N_("Without a client"), "true", "false"),
        Filter("client_id", "", kind="hidden"),
    ),
    row="/messages/{id}",
    empty=N_("No message yet. Documents and reminders that are sent appear here, and the answers to them."),
)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The messages, newest first."""
    return await listing.show(visit, LISTING)


async def show(visit: Visit) -> web.StreamResponse:
    """One message."""
    message = await visit.api.get(f"/v1/messages/{visit.id}")
    return visit.render("message.html", message=message, thread=await thread_of(visit, message))


async def pass_source(visit: Visit) -> web.StreamResponse:
    """The message as it went or came."""
    return await pass_file(visit, f"/v1/messages/{visit.id}/source")


async def pass_attachment(visit: Visit) -> web.StreamResponse:
    """A file of a reply."""
    number = visit.request.match_info["number"]
    return await pass_file(visit, f"/v1/messages/{visit.id}/attachments/{number}")


ROUTES: Final = (
    Route("GET", "/messages", show_list),
    Route("GET", "/messages/{id}", show),
    Route("GET", "/messages/{id}/source", pass_source),
    Route("GET", r"/messages/{id}/attachments/{number:\d+}", pass_attachment),
    Route(
        "POST", "/messages/{id}/resolve",
        verb("/v1/messages/{id}/resolve", "/messages/{id}", N_("Marked as answered."), takes_body=False),
    ),
)  # fmt: skip
