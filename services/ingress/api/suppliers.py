"""`/v1/suppliers`: suppliers, created when a purchase is accepted, read from the ledger's views."""

from __future__ import annotations

from contracts.resources import supplier
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, Reference, ShortText
from contracts.resources.supplier import Supplier
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class SupplierFilter(Model):
    """Which suppliers: `query` is a part of the name, registration or tax number, or e-mail address."""

    query: ShortText | None = None
    reg_number: Reference | None = None


class SupplierQuery(SupplierFilter, Page):
    """Which suppliers, page by page."""


async def list_suppliers(api: Api, call: Request) -> Response:
    """List suppliers, newest first."""
    requested = call.query_as(SupplierQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.SUPPLIERS, supplier.from_row, **requested)


async def get_supplier(api: Api, call: Request) -> Response:
    """Get one supplier."""
    return await responses.one(api, call, queries.SUPPLIERS, supplier.from_row)


ROUTES = (
    Route(
        "GET", "/v1/suppliers", "listSuppliers", list_suppliers, "read", "List suppliers",
        query=SupplierQuery, response_model=ResourcePage[Supplier], tag="suppliers",
    ),
    Route(
        "GET", "/v1/suppliers/{id}", "getSupplier", get_supplier, "read",
        "Get a supplier", response_model=Supplier, tag="suppliers",
    ),
)  # fmt: skip
