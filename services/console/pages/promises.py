"""Promises to pay and disputes: the lists, cancelling and resolving."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from console import collecting, editing, listing
from console.editing import FormPage, verb
from console.forms import KEY_FIELD, Field, Filled, Group, Option
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.visit import Route, Visit

PROMISES: Final = Listing(
    title=N_("Promises"),
    api_path="/v1/promises",
    path="/promises",
    columns=(
        Column("client.name", N_("Client"), link="/clients/{client_id}"),
        Column("date", N_("Will pay until"), "day"),
        Column("amount", N_("Amount"), "money"),
        Column("state", N_("Status"), "badge"),
        Column("created_at", N_("Recorded"), "moment"),
        Column("id", N_("What to do"), "cancel", link="/promises/{id}/cancel"),
    ),
    filters=(
        choice("state", N_("Status"), "open", "kept", "broken", "cancelled"), Filter("client_id", "", kind="hidden"),
    ),
    row="/clients/{client_id}",
    intro=N_(
        "Nothing is sent while a promise lasts. It is kept once that much is paid; when its day is over without that,"
        " the reminders go on."
    ),
    empty=N_("No promise yet. Record one in a call or on the page of a case."),
)  # fmt: skip
DISPUTES: Final = Listing(
    title=N_("Disputes"),
    api_path="/v1/disputes",
    path="/disputes",
    columns=(
        Column("number", N_("Invoice")),
        Column("client.name", N_("Client")),
        Column("reason", N_("Reason")),
        Column("state", N_("Status"), "badge"),
        Column("resolution", N_("Result"), "label"),
        Column("created_at", N_("Since"), "moment"),
    ),
    filters=(choice("state", N_("Status"), "open", "resolved"), Filter("client_id", "", kind="hidden")),
    row="/disputes/{id}",
    intro=N_("No reminder asks for a disputed invoice until the dispute is resolved."),
    empty=N_("No dispute. When a client does not accept an invoice, mark it as disputed on the page of the case."),
)


async def show_promises(visit: Visit) -> web.StreamResponse:
    """The promises, newest first."""
    return await listing.show(visit, PROMISES)


async def show_disputes(visit: Visit) -> web.StreamResponse:
    """The disputes, newest first."""
    return await listing.show(visit, DISPUTES)


async def _resolving(visit: Visit) -> tuple[FormPage, dict[str, Any]]:
    dispute = dict(await visit.api.get(f"/v1/disputes/{visit.id}"))
    fields = (
        Field("resolution", N_("Result"), "choice", options=[Option(one, one) for one in collecting.RESOLUTIONS]),
        Field("note", N_("Note"), "area", help=N_("Kept as a note on the client")),
    )
    page = FormPage(
        N_("Dispute"), (Group(N_("Resolve"), fields),), f"/disputes/{visit.id}", N_("Resolve"),
        ("/disputes", N_("Disputes")), template="dispute.html",
    )  # fmt: skip
    return page, dispute


async def show_dispute(visit: Visit) -> web.StreamResponse:
    """One dispute, with how it ends."""
    page, dispute = await _resolving(visit)
    return page.show(visit, Filled(), dispute=dispute)


async def resolve(visit: Visit) -> web.StreamResponse:
    """Resolve the dispute: its invoice is collected again."""
    (page, dispute), form = await _resolving(visit), await visit.read_form()
    path = f"/v1/disputes/{visit.id}/resolve"
    done = await editing.submit(
        visit, page, lambda body: visit.api.post(path, body, key=form.get(KEY_FIELD)), dispute=dispute
    )
    if isinstance(done, web.Response):
        return done
    return visit.go(f"/disputes/{visit.id}", visit.text(N_("Resolved. The invoice is collected again.")))


ROUTES: Final = (
    Route("GET", "/promises", show_promises),
    Route(
        "POST", "/promises/{id}/cancel",
        verb("/v1/promises/{id}/cancel", "/promises", N_("Cancelled. The reminders go on."), takes_body=False),
    ),
    Route("GET", "/disputes", show_disputes),
    Route("GET", "/disputes/{id}", show_dispute),
    Route("POST", "/disputes/{id}", resolve),
)  # fmt: skip
