"""`/v1/suppliers`: who sends bills; made where a purchase is accepted, read from the books."""

from __future__ import annotations

from contracts import present
from contracts.objects import Model, Reference, ShortText
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class SupplierFilter(Model):
    """Which suppliers: `query` is a part of the name, registration or tax number, or e-mail address."""

    query: ShortText | None = None
    reg_number: Reference | None = None


class SupplierQuery(SupplierFilter, Page):
    """Which suppliers, page by page."""


async def list_suppliers(api: Api, call: Call) -> Reply:
    """List suppliers, newest first."""
    asked = call.query_as(SupplierQuery).model_dump(exclude={"limit", "cursor"})
    return await answering.many(api, call, reads.SUPPLIERS, present.supplier, **asked)


async def get_supplier(api: Api, call: Call) -> Reply:
    """Look at one supplier."""
    return await answering.one(api, call, reads.SUPPLIERS, present.supplier)


ROUTES = (
    Route(
        "GET", "/v1/suppliers", "listSuppliers", list_suppliers, "read", "List suppliers",
        query=SupplierQuery, answers=shapes.Listed[shapes.Supplier], tag="suppliers",
    ),
    Route(
        "GET", "/v1/suppliers/{id}", "getSupplier", get_supplier, "read",
        "Get a supplier", answers=shapes.Supplier, tag="suppliers",
    ),
)  # fmt: skip
