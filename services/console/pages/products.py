"""Products and services: the list and the form."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console import bulk, editing, listing
from console.editing import FormPage, verb
from console.forms import KEY_FIELD, Field, Filled, Group, Option, as_texts, names_of
from console.i18n import N_
from console.listing import Bulk, Column, Filter, Listing, choice
from console.visit import Route, Visit

GROUPS: Final = (
    Group(
        "",
        (
            Field("code", N_("Code"), required=True),
            Field("name", N_("Name"), required=True),
            Field("type", N_("Kind"), "choice", options=(Option("product", "product"), Option("service", "service"))),
            Field("unit", N_("Unit")),
            Field("unit_price", N_("Price"), "decimal"),
            Field("currency", N_("Currency"), help=N_("The three letters of its code, such as EUR")),
            Field("tax_rate", N_("Tax %"), "decimal"),
            Field("tax_category", N_("Tax category"), help=N_("A code of UN/ECE 5305, such as S or Z")),
            Field("barcode", N_("Barcode")),
            Field("external_id", N_("Your own reference")),
            Field("description", N_("Description"), "area"),
        ),
    ),
)
LISTING: Final = Listing(
    title=N_("Products"),
    api_path="/v1/products",
    path="/products",
    columns=(
        Column("code", N_("Code"), "code"),
        Column("name", N_("Name")),
        Column("type", N_("Kind"), "label"),
        Column("unit_price", N_("Price"), "money"),
        Column("tax_rate", N_("Tax %"), "number"),
        Column("unit", N_("Unit")),
    ),
    filters=(Filter("query", N_("Name or code")), choice("archived", N_("Archived"), "true", "false")),
    row="/products/{id}",
    new=("/products/new", N_("New product")),
    more=(("/imports/new?kind=products", N_("Import")), ("/export/products", N_("Export"))),
    more_scopes={"/imports/new?kind=products": "write"},
    bulk=(
        Bulk("archive", N_("Archive"), "/v1/products/{id}", "PATCH", {"archived": True}),
        Bulk("restore", N_("Restore"), "/v1/products/{id}", "PATCH", {"archived": False}),
    ),
    empty=N_("No product yet. Products and services fill the lines of your documents in."),
)
_NEW: Final = FormPage(N_("New product"), GROUPS, "/products/new", N_("Create"), ("/products", N_("Products")))


async def show_list(visit: Visit) -> web.StreamResponse:
    """The products, newest first."""
    return await listing.show(visit, LISTING)


async def show_new(visit: Visit) -> web.StreamResponse:
    """The empty form."""
    return _NEW.show(visit, Filled({"type": "product"}))


async def create(visit: Visit) -> web.StreamResponse:
    """Create a product."""
    key = (await visit.read_form()).get(KEY_FIELD)
    made = await editing.submit(visit, _NEW, lambda body: visit.api.post("/v1/products", body, key=key))
    return made if isinstance(made, web.Response) else visit.go("/products", visit.text(N_("Created.")))


def _edit(visit: Visit) -> FormPage:
    return FormPage(
        N_("Product"), GROUPS, f"/products/{visit.id}", N_("Save"), ("/products", N_("Products")),
        template="product.html",
    )  # fmt: skip


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The form with what the product is."""
    product = await visit.api.get(f"/v1/products/{visit.id}")
    return _edit(visit).show(visit, Filled(as_texts(names_of(GROUPS), product)), product=product)


async def update(visit: Visit) -> web.StreamResponse:
    """Save the form."""
    path = f"/v1/products/{visit.id}"
    fixed = {"code", "name", "type", "currency"}

    async def send(body: dict[str, object]) -> object:
        changed = {name: value for name, value in body.items() if value is not None or name not in fixed}
        return await visit.api.send("PATCH", path, body=changed)

    product = await visit.api.get(path)
    saved = await editing.submit(visit, _edit(visit), send, keep_empty=True, product=product)
    return saved if isinstance(saved, web.Response) else visit.go("/products", visit.text(N_("Saved.")))


ROUTES: Final = (
    Route("GET", "/products", show_list),
    Route("POST", "/products/bulk", bulk.of(LISTING)),
    Route("GET", "/products/new", show_new),
    Route("POST", "/products/new", create),
    Route("GET", "/products/{id}", show_edit),
    Route("POST", "/products/{id}", update),
    Route(
        "POST", "/products/{id}/archived",
        verb("/v1/products/{id}", "/products/{id}", N_("Saved."), fields=(Field("archived", "", "checkbox"),),
             method="PATCH"),
    ),
    Route(
        "POST", "/products/{id}/delete",
        verb("/v1/products/{id}", "/products", N_("Removed, or archived where documents are there."), method="DELETE"),
    ),
)  # fmt: skip
