"""`/v1/products`: products, changed by the ledger and read from its views."""

from __future__ import annotations

from contracts.resources import product
from contracts.resources.output import RemovedResource, ResourcePage
from contracts.resources.product import Product, ProductIn, ProductPatch
from contracts.resources.schemas import Model, Reference, ShortText
from contracts.wire.commands import CREATE_PRODUCT, REMOVE_PRODUCT, UPDATE_PRODUCT, UPSERT_PRODUCT
from ingress.api.clients import MakingQuery
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class ProductFilter(Model):
    """Which products: `query` is a part of the code, name, barcode or external id."""

    query: ShortText | None = None
    external_id: Reference | None = None
    code: Reference | None = None
    archived: bool = False


class ProductQuery(ProductFilter, Page):
    """Which products, page by page."""


async def create_product(api: Api, call: Request) -> Response:
    """Create a product; with `on_conflict`, change or return an existing one."""
    given, on_conflict = call.body_as(ProductIn), call.query_as(MakingQuery).on_conflict
    if on_conflict == "error":
        return await api.submit(call, CREATE_PRODUCT, given.model_dump(mode="json"))
    data = given.model_dump(mode="json", exclude_unset=True) | {"on_conflict": on_conflict}
    return await api.submit(call, UPSERT_PRODUCT, data)


async def list_products(api: Api, call: Request) -> Response:
    """List products, newest first."""
    requested = call.query_as(ProductQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.PRODUCTS, product.from_row, **requested)


async def get_product(api: Api, call: Request) -> Response:
    """Get one product."""
    return await responses.one(api, call, queries.PRODUCTS, product.from_row)


async def update_product(api: Api, call: Request) -> Response:
    """Change the fields of a product that were sent."""
    product_id = call.id_of()
    sent = call.body_as(ProductPatch).model_dump(mode="json", exclude_unset=True)
    return await api.submit(call, UPDATE_PRODUCT, sent | {"id": str(product_id)}, subject_id=product_id)


async def remove_product(api: Api, call: Request) -> Response:
    """Delete a product; one that documents refer to is archived instead."""
    product_id = call.id_of()
    return await api.submit(call, REMOVE_PRODUCT, {"id": str(product_id)}, subject_id=product_id)


_PATH = "/v1/products"

ROUTES = (
    Route(
        "POST", _PATH, "createProduct", create_product, "write",
        "Create a product, or with `on_conflict` change or find it",
        body=ProductIn, query=MakingQuery, response_model=Product, status=201, tag="products",
    ),
    Route(
        "GET", _PATH, "listProducts", list_products, "read", "List products; archived ones with `archived`",
        query=ProductQuery, response_model=ResourcePage[Product], tag="products",
    ),
    Route(
        "GET", f"{_PATH}/{{id}}", "getProduct", get_product, "read",
        "Get a product", response_model=Product, tag="products",
    ),
    Route(
        "PATCH", f"{_PATH}/{{id}}", "updateProduct", update_product, "write",
        "Change a product: only the fields that are sent, null removes a value",
        body=ProductPatch, response_model=Product, tag="products",
    ),
    Route(
        "DELETE", f"{_PATH}/{{id}}", "deleteProduct", remove_product, "write",
        "Delete a product, or archive one that is on documents", response_model=RemovedResource, tag="products",
    ),
)  # fmt: skip
