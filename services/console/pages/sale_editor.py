"""The document editor: lines and totals, computed by the API as one types, saved as a draft or issued at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from console.api_client import Problem
from console.document_kinds import KINDS
from console.editing import FormPage
from console.forms import KEY_FIELD, Field, Filled, Group, Option, as_object, as_texts
from console.i18n import N_
from console.visit import Route, Visit

LINES_SHOWN: Final = 3  # of an empty document
LINES_MAX: Final = 500  # of the API's document
PICKED_MAX: Final = 20  # clients and products that are offered while one types
_LINE: Final = re.compile(r"lines\[(\d{1,4})\]\.(\w+)")
LINE_FIELDS: Final = (
    "item_code", "description", "quantity", "unit_price", "discount", "tax_rate", "unit", "tax_category",
)  # fmt: skip
_DECIMALS: Final = frozenset({"quantity", "unit_price", "discount", "tax_rate"})
HEAD: Final = (
    Group(
        "",
        (
            Field("sale_type", N_("Kind"), "choice", options=tuple(Option(kind, kind) for kind in KINDS)),
            Field("document_date", N_("Date"), "date"),
            Field("date_due", N_("Due"), "date", help=N_("Empty: as the payment term says")),
            Field("currency", N_("Currency"), help=N_("Empty: the client's")),
        ),
    ),
)
FOOT: Final = (
    Group(
        "",
        (
            Field("shipping_charge", N_("Shipping"), "decimal"),
            Field("deposit", N_("Deposit"), "decimal"),
            Field("external_id", N_("Your own reference")),
            Field("include_tax", N_("Prices include tax"), "checkbox"),
            Field("comment", N_("Comment"), "area"),
        ),
    ),
)
_OWN: Final = (Field("client_id", "", "hidden"), Field("client.name", N_("Client"), required=True))


def _page(title: str, action: str, back: tuple[str, str]) -> FormPage:
    return FormPage(title, (*HEAD, *FOOT), action, N_("Save as draft"), back, template="sale_editor.html")


def _new() -> FormPage:
    return _page(N_("New document"), "/sales/new", ("/sales", N_("Sales")))


def _edit(visit: Visit) -> FormPage:
    here = f"/sales/{visit.id}"
    return _page(N_("Change draft"), f"{here}/edit", (here, N_("Document")))


def compact(form: Mapping[str, str]) -> dict[str, str]:
    """The form with its lines numbered from 0 and empty ones left out, so that faults name the lines as shown."""
    lines: dict[int, dict[str, str]] = {}
    kept = {}
    for name, value in form.items():
        if found := _LINE.fullmatch(name):
            if value.strip():
                lines.setdefault(int(found[1]), {})[found[2]] = value
        else:
            kept[name] = value
    for number, (_, line) in enumerate(sorted(lines.items())):
        kept |= {f"lines[{number}].{name}": value for name, value in line.items()}
    return kept


def line_fields(form: Mapping[str, str]) -> list[Field]:
    """The fields of the lines that a form has."""
    numbers = {int(found[1]) for name in form if (found := _LINE.fullmatch(name))}
    return [
        Field(f"lines[{number}].{name}", name, "decimal" if name in _DECIMALS else "text")
        for number in sorted(numbers)[:LINES_MAX]
        for name in LINE_FIELDS
    ]


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The API's input of a form: a client that was picked by its id, another by its name."""
    fields = [*_OWN, *HEAD[0].fields, *FOOT[0].fields, *line_fields(form)]
    body = as_object(fields, form)
    if body.get("client_id"):
        body.pop("client", None)
    body.setdefault("lines", [])
    if body.get("date_due"):
        body["pay_term"] = {"type": 0}
    return body


def _fields(form: Mapping[str, str]) -> list[Field]:
    return [*_OWN, *HEAD[0].fields, *FOOT[0].fields, *line_fields(form), Field("lines", N_("Lines"))]


def _show(visit: Visit, page: FormPage, filled: Filled, *, status: int = 200) -> web.Response:
    numbers = [int(found[1]) for name in filled.values if (found := _LINE.fullmatch(name))]
    count = max([LINES_SHOWN, *(number + 2 for number in numbers)])
    return page.show(visit, filled, status=status, head=HEAD, foot=FOOT, numbers=range(count))


async def show_new(visit: Visit) -> web.StreamResponse:
    """An empty document, for a client if the URL names one."""
    values = {"sale_type": "sales_invoice"}
    if given := visit.request.query.get("client_id"):
        client = await visit.api.get(f"/v1/clients/{given}")
        values |= {"client_id": client["id"], "client.name": client["name"]}
    return _show(visit, _new(), Filled(values))


async def create(visit: Visit) -> web.StreamResponse:
    """Save the document, and issue it if that was pressed."""
    form = compact(await visit.read_form())
    body = body_of(form) | {"issue": form.get("then") == "issue"}
    try:
        made = await visit.api.post("/v1/sales", body, key=form.get(KEY_FIELD))
    except Problem as problem:
        return _again(visit, _new(), form, problem)
    done = N_("Issued.") if body["issue"] else N_("Saved as a draft.")
    return visit.go(f"/sales/{made['id']}", visit.text(done))


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The draft as it is."""
    sale = await visit.api.get(f"/v1/sales/{visit.id}")
    values = as_texts([*HEAD[0].fields, *FOOT[0].fields], sale)
    values |= {"client_id": sale["client_id"], "client.name": sale["client"]["name"]}
    for number, line in enumerate(sale["lines"]):
        values |= {f"lines[{number}].{name}": str(line[name]) for name in LINE_FIELDS if line.get(name) is not None}
    return _show(visit, _edit(visit), Filled(values))


async def update(visit: Visit) -> web.StreamResponse:
    """Save the draft."""
    form = compact(await visit.read_form())
    body = {name: value for name, value in body_of(form).items() if name not in {"sale_type", "client"}}
    try:
        await visit.api.send("PATCH", f"/v1/sales/{visit.id}", body=body)
        if form.get("then") == "issue":
            await visit.api.post(f"/v1/sales/{visit.id}/issue", {})
    except Problem as problem:
        return _again(visit, _edit(visit), form, problem)
    done = N_("Issued.") if form.get("then") == "issue" else N_("Saved as a draft.")
    return visit.go(f"/sales/{visit.id}", visit.text(done))


def _again(visit: Visit, page: FormPage, form: dict[str, str], problem: Problem) -> web.Response:
    if problem.status >= 500 or problem.status in {401, 404}:  # noqa: PLR2004  not what was typed
        raise problem
    filled = Filled(form).with_faults(problem.faults, _fields(form), problem)
    return _show(visit, page, filled, status=problem.status)


async def calculate(visit: Visit) -> web.StreamResponse:
    """The totals of what is typed so far, as a part of the page."""
    typed = await visit.read_form()
    rows = sorted({int(found[1]) for name in typed if typed[name].strip() and (found := _LINE.fullmatch(name))})
    body = body_of(compact(typed))
    if not body["lines"]:
        return visit.render("sale_totals.html", sale=None, faults=[])
    if "client_id" not in body and "client" not in body:
        body["client"] = {"name": "-"}
    try:
        sale = await visit.api.post("/v1/sales/calculate", body)
    except Problem as problem:
        return visit.render("sale_totals.html", sale=None, faults=problem.field_errors)
    return visit.render("sale_totals.html", sale=sale, faults=[], rows=rows)


async def pick_clients(visit: Visit) -> web.StreamResponse:
    """Clients whose names begin like what is typed, as options."""
    query = visit.request.query.get("client.name", "")
    found = await visit.api.get("/v1/clients", {"query": query, "limit": PICKED_MAX, "archived": "false"})
    return visit.render("options.html", clients=found["items"], products=[])


async def pick_products(visit: Visit) -> web.StreamResponse:
    """Products whose codes or names begin like what is typed, as options."""
    typed = next((value for name, value in visit.request.query.items() if name.endswith("item_code")), "")
    found = await visit.api.get("/v1/products", {"query": typed, "limit": PICKED_MAX, "archived": "false"})
    return visit.render("options.html", clients=[], products=found["items"])


ROUTES: Final = (
    Route("GET", "/sales/new", show_new),
    Route("POST", "/sales/new", create),
    Route("POST", "/sales/calculate", calculate),
    Route("GET", "/sales/{id}/edit", show_edit),
    Route("POST", "/sales/{id}/edit", update),
    Route("GET", "/pick/clients", pick_clients),
    Route("GET", "/pick/products", pick_products),
)
