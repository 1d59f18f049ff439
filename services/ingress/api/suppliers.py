"""`/v1/suppliers`: suppliers, created when a purchase is accepted, read from the ledger's views."""

from __future__ import annotations

from contracts.resources import supplier
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, Reference, ShortText
from contracts.resources.supplier import Supplier
from ingress.api.resource_handlers import getting, listing
from ingress.http.route import Page, Route
from ingress.views import queries


class SupplierFilter(Model):
    """Which suppliers: `query` is a part of the name, registration or tax number, or e-mail address."""

    query: ShortText | None = None
    reg_number: Reference | None = None


class SupplierQuery(SupplierFilter, Page):
    """Which suppliers, page by page."""


ROUTES = (
    Route(
        "GET", "/v1/suppliers", "listSuppliers", listing(queries.SUPPLIERS, supplier.from_row),
        "read", "List suppliers",
        query=SupplierQuery, response_model=ResourcePage[Supplier], tag="suppliers",
    ),
    Route(
        "GET", "/v1/suppliers/{id}", "getSupplier", getting(queries.SUPPLIERS, supplier.from_row), "read",
        "Get a supplier", response_model=Supplier, tag="suppliers",
    ),
)  # fmt: skip
