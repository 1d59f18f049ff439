"""Clients: the list, one client with balance, documents, messages and notes, and the form."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from console import bulk, editing, listing
from console.editing import FormPage, verb
from console.forms import KEY_FIELD, Field, Filled, Group, Option, as_texts, names_of
from console.i18n import N_
from console.listing import Bulk, Column, Filter, Listing, choice
from console.pages.cases import why
from console.visit import Route, Visit

ADDRESS: Final = (
    Field("address.street", N_("Street"), autocomplete="off", wide=True),
    Field("address.postal_code", N_("Postal code")),
    Field("address.city", N_("City")),
    Field("address.region", N_("Region")),
    Field("address.country", N_("Country"), help=N_("The two letters of its code, such as FR")),
)
PAY_TERMS: Final = (
    Option("", N_("As the account has it")), Option("1", N_("Days after the date")),
    Option("2", N_("Days after the end of the month")), Option("3", N_("On delivery")), Option("4", N_("Open")),
)  # fmt: skip
GROUPS: Final = (
    Group(
        N_("Client"),
        (
            Field("name", N_("Name"), required=True, wide=True),
            Field("type", N_("Kind"), "choice", options=(Option("company", "company"), Option("person", "person"))),
            Field("first_name", N_("First name"), help=N_("Of the person to talk to")),
            Field("last_name", N_("Last name")),
            Field("email", N_("E-mail"), "email"),
            Field("phone", N_("Phone"), help=N_("With the country, such as +371 20000000")),
            Field("reg_number", N_("Registration number")),
            Field("vat_number", N_("VAT number")),
            Field("external_id", N_("Your own reference")),
        ),
    ),
    Group(N_("Address"), ADDRESS),
    Group(
        N_("Documents"),
        (
            Field("currency", N_("Currency"), help=N_("The three letters of its code, such as EUR")),
            Field("locale", N_("Language"), help=N_("Such as en, fr or es")),
            Field("pay_term.type", N_("Payment term"), "choice", options=PAY_TERMS),
            Field("pay_term.days", N_("Days"), "number"),
            Field("comment", N_("Comment"), "area"),
        ),
    ),
)
LISTING: Final = Listing(
    title=N_("Clients"),
    api_path="/v1/clients",
    path="/clients",
    columns=(
        Column("name", N_("Name")),
        Column("email", N_("E-mail")),
        Column("phone", N_("Phone")),
        Column("vat_number", N_("VAT number"), "code"),
        Column("currency", N_("Currency")),
        Column("created_at", N_("Since"), "day"),
    ),
    filters=(Filter("query", N_("Name or e-mail")), choice("archived", N_("Archived"), "true", "false")),
    row="/clients/{id}",
    new=("/clients/new", N_("New client")),
    more=(("/imports/new?kind=clients", N_("Import")), ("/export/clients", N_("Export"))),
    more_scopes={"/imports/new?kind=clients": "write"},
    bulk=(
        Bulk("archive", N_("Archive"), "/v1/clients/{id}", "PATCH", {"archived": True}),
        Bulk("restore", N_("Restore"), "/v1/clients/{id}", "PATCH", {"archived": False}),
    ),
    empty=N_("No client yet. Create the first one, or import the list that you have."),
)
SHOWN: Final = 8  # of each kind on a client's page; a link leads to all
_NEW: Final = FormPage(N_("New client"), GROUPS, "/clients/new", N_("Create"), ("/clients", N_("Clients")))


async def show_list(visit: Visit) -> web.StreamResponse:
    """The clients, newest first."""
    return await listing.show(visit, LISTING)


async def show(visit: Visit) -> web.StreamResponse:
    """One client and what there is about them."""
    api, about = visit.api, {"client_id": visit.id, "limit": SHOWN}
    client, sales, payments, messages, notes, disputes, cases = await asyncio.gather(
        api.get(f"/v1/clients/{visit.id}"), api.get("/v1/sales", about), api.get("/v1/payments", about),
        api.get("/v1/messages", about), api.get("/v1/notes", about), api.get("/v1/disputes", about),
        api.get("/v1/cases", about),
    )  # fmt: skip
    lists = {
        "sales": sales, "payments": payments, "messages": messages, "notes": notes, "disputes": disputes,
        "cases": cases,
    }  # fmt: skip
    return visit.render(
        "client.html", client=client, why=why(visit), **{name: found["items"] for name, found in lists.items()}
    )


async def show_new(visit: Visit) -> web.StreamResponse:
    """The empty form."""
    return _NEW.show(visit, Filled())


async def create(visit: Visit) -> web.StreamResponse:
    """Create a client."""
    form = await visit.read_form()
    made = await editing.submit(
        visit, _NEW, lambda body: visit.api.post("/v1/clients", _typed(body), key=form.get(KEY_FIELD))
    )
    return made if isinstance(made, web.Response) else visit.go(f"/clients/{made['id']}", visit.text(N_("Created.")))


def _edit(visit: Visit) -> FormPage:
    here = f"/clients/{visit.id}"
    return FormPage(N_("Change client"), GROUPS, f"{here}/edit", N_("Save"), (here, N_("Client")))


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The form with what the client is."""
    client = await visit.api.get(f"/v1/clients/{visit.id}")
    return _edit(visit).show(visit, Filled(as_texts(names_of(GROUPS), client)))


async def update(visit: Visit) -> web.StreamResponse:
    """Save the form."""
    page, path = _edit(visit), f"/v1/clients/{visit.id}"
    saved = await editing.submit(
        visit, page, lambda body: visit.api.send("PATCH", path, body=_changed(body)), keep_empty=True
    )
    return saved if isinstance(saved, web.Response) else visit.go(f"/clients/{visit.id}", visit.text(N_("Saved.")))


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    """The payment term as the API has it: a number for its type, none without one."""
    term = body.pop("pay_term", None) or {}
    if str(term.get("type") or "").isdigit():
        body["pay_term"] = {"type": int(term["type"])} | (
            {"days": term["days"]} if term.get("days") is not None else {}
        )
    return body


def _changed(body: dict[str, Any]) -> dict[str, Any]:
    """A change of everything: what is empty is taken away, and what must be there is left as it is."""
    empty = {"pay_term": None} | {name: None for name in ("currency",) if body.get(name) is None}
    changed = empty | _typed(body)
    if changed.get("address") and not any(changed["address"].values()):
        changed["address"] = None
    return {name: value for name, value in changed.items() if value is not None or name not in {"currency", "locale"}}


_ARCHIVED: Final = (Field("archived", "", "checkbox"),)
_NOTE: Final = (
    Field("client_id", "", "hidden"), Field("body", N_("Note"), "area"), Field("pinned", N_("Pinned"), "checkbox"),
    Field("needs_response", N_("Needs an answer"), "checkbox"),
)  # fmt: skip

ROUTES: Final = (
    Route("GET", "/clients", show_list),
    Route("POST", "/clients/bulk", bulk.of(LISTING)),
    Route("GET", "/clients/new", show_new),
    Route("POST", "/clients/new", create),
    Route("GET", "/clients/{id}", show),
    Route("GET", "/clients/{id}/edit", show_edit),
    Route("POST", "/clients/{id}/edit", update),
    Route(
        "POST", "/clients/{id}/delete",
        verb("/v1/clients/{id}", "/clients", N_("Removed, or archived where documents are there."), method="DELETE"),
    ),
    Route(
        "POST", "/clients/{id}/archived",
        verb("/v1/clients/{id}", "/clients/{id}", N_("Saved."), fields=_ARCHIVED, method="PATCH"),
    ),
    Route(
        "POST", "/clients/{id}/notes",
        verb("/v1/notes", "/clients/{id}", N_("Note added."), fields=_NOTE, page=show),
    ),
    Route(
        "POST", "/clients/{id}/notes/{note_id}/resolve",
        verb("/v1/notes/{note_id}/resolve", "/clients/{id}", N_("Marked as answered."), takes_body=False),
    ),
)  # fmt: skip
