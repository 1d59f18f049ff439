"""`/v1/products`: what is sold, made by the ledger and read from its books."""

from __future__ import annotations

from contracts import present
from contracts.commands import CREATE_PRODUCT, REMOVE_PRODUCT, UPDATE_PRODUCT, UPSERT_PRODUCT
from contracts.objects import Model, Reference, ShortText
from contracts.parties import ProductIn, ProductPatch
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes
from ingress.resources.clients import MakingQuery


class ProductFilter(Model):
    """Which products: `query` is a part of the code, name, barcode or external id."""

    query: ShortText | None = None
    external_id: Reference | None = None
    code: Reference | None = None
    archived: bool = False


class ProductQuery(ProductFilter, Page):
    """Which products, page by page."""


async def create_product(api: Api, call: Call) -> Reply:
    """Make a product; with `on_conflict`, change or find the one that is there."""
    given, on_conflict = call.body_as(ProductIn), call.query_as(MakingQuery).on_conflict
    if on_conflict == "error":
        return await api.submit(call, CREATE_PRODUCT, given.model_dump(mode="json"))
    data = given.model_dump(mode="json", exclude_unset=True) | {"on_conflict": on_conflict}
    return await api.submit(call, UPSERT_PRODUCT, data)


async def list_products(api: Api, call: Call) -> Reply:
    """List products, newest first."""
    asked = call.query_as(ProductQuery).model_dump(exclude={"limit", "cursor"})
    return await answering.many(api, call, reads.PRODUCTS, present.product, **asked)


async def get_product(api: Api, call: Call) -> Reply:
    """Look at one product."""
    return await answering.one(api, call, reads.PRODUCTS, present.product)


async def update_product(api: Api, call: Call) -> Reply:
    """Change what was sent of a product."""
    product_id = call.id_of()
    sent = call.body_as(ProductPatch).model_dump(mode="json", exclude_unset=True)
    return await api.submit(call, UPDATE_PRODUCT, sent | {"id": str(product_id)}, subject_id=product_id)


async def remove_product(api: Api, call: Call) -> Reply:
    """Take a product away; one that documents refer to is archived instead."""
    product_id = call.id_of()
    return await api.submit(call, REMOVE_PRODUCT, {"id": str(product_id)}, subject_id=product_id)


_PATH = "/v1/products"

ROUTES = (
    Route(
        "POST", _PATH, "createProduct", create_product, "write",
        "Create a product, or with `on_conflict` change or find it",
        body=ProductIn, query=MakingQuery, answers=shapes.Product, status=201, tag="products",
    ),
    Route(
        "GET", _PATH, "listProducts", list_products, "read", "List products; archived ones with `archived`",
        query=ProductQuery, answers=shapes.Listed[shapes.Product], tag="products",
    ),
    Route(
        "GET", f"{_PATH}/{{id}}", "getProduct", get_product, "read",
        "Get a product", answers=shapes.Product, tag="products",
    ),
    Route(
        "PATCH", f"{_PATH}/{{id}}", "updateProduct", update_product, "write",
        "Change a product: only what is sent, null takes away",
        body=ProductPatch, answers=shapes.Product, tag="products",
    ),
    Route(
        "DELETE", f"{_PATH}/{{id}}", "deleteProduct", remove_product, "write",
        "Delete a product, or archive one that is on documents", answers=shapes.Removed, tag="products",
    ),
)  # fmt: skip
