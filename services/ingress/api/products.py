"""`/v1/products`: products, changed by the ledger and read from its views."""

from __future__ import annotations

from contracts.resources import product
from contracts.resources.output import RemovedResource, ResourcePage
from contracts.resources.product import Product, ProductIn, ProductPatch
from contracts.resources.schemas import Model, Reference, ShortText
from contracts.wire.commands import CREATE_PRODUCT, REMOVE_PRODUCT, UPDATE_PRODUCT, UPSERT_PRODUCT
from ingress.api.resource_handlers import OnConflictQuery, changing, creating_or_finding, getting, listing
from ingress.http.route import Page, Route
from ingress.views import queries


class ProductFilter(Model):
    """Which products: `query` is a part of the code, name, barcode or external id."""

    query: ShortText | None = None
    external_id: Reference | None = None
    code: Reference | None = None
    archived: bool = False


class ProductQuery(ProductFilter, Page):
    """Which products, page by page."""


_PATH = "/v1/products"

ROUTES = (
    Route(
        "POST", _PATH, "createProduct", creating_or_finding(CREATE_PRODUCT, UPSERT_PRODUCT), "write",
        "Create a product, or with `on_conflict` change or find it",
        body=ProductIn, query=OnConflictQuery, response_model=Product, status=201, tag="products",
    ),
    Route(
        "GET", _PATH, "listProducts", listing(queries.PRODUCTS, product.from_row),
        "read", "List products; archived ones with `archived`",
        query=ProductQuery, response_model=ResourcePage[Product], tag="products",
    ),
    Route(
        "GET", f"{_PATH}/{{id}}", "getProduct", getting(queries.PRODUCTS, product.from_row), "read",
        "Get a product", response_model=Product, tag="products",
    ),
    Route(
        "PATCH", f"{_PATH}/{{id}}", "updateProduct", changing(UPDATE_PRODUCT), "write",
        "Change a product: only the fields that are sent, null removes a value",
        body=ProductPatch, response_model=Product, tag="products",
    ),
    Route(
        "DELETE", f"{_PATH}/{{id}}", "deleteProduct", changing(REMOVE_PRODUCT), "write",
        "Delete a product, or archive one that is on documents", response_model=RemovedResource, tag="products",
    ),
)  # fmt: skip
