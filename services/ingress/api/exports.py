"""`/v1/clients/export` and the like: a whole list as one file, read page by page.

CSV has one row a resource, safe to open in a spreadsheet; JSON lines are the resources as `GET` returns them. Exports
of clients and products can be imported again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from aiohttp import web

from contracts.resources import client, payment, product, sale, supplier
from contracts.resources.schemas import Model
from contracts.urls import PublicUrls
from ingress.api.clients import ClientFilter
from ingress.api.payments import PaymentFilter
from ingress.api.products import ProductFilter
from ingress.api.sales import SaleFilter
from ingress.api.suppliers import SupplierFilter
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.imports.cells import COLUMNS, row_of
from ingress.views import queries
from ingress.views.batches import Row
from ingress.views.file_export import batches_of, stream_file
from ingress.views.queries import View

_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_TIMES: Final = ("created_at", "updated_at")


class ExportQuery(Model):
    """In which form."""

    format: Literal["csv", "jsonl"] = "csv"


class ClientExport(ClientFilter, ExportQuery):
    """Which clients."""


class ProductExport(ProductFilter, ExportQuery):
    """Which products."""


class SupplierExport(SupplierFilter, ExportQuery):
    """Which suppliers."""


class SaleExport(SaleFilter, ExportQuery):
    """Which documents."""


class PaymentExport(PaymentFilter, ExportQuery):
    """Which payments."""


@dataclass(frozen=True, slots=True)
class Export:
    """One exported resource, and the columns of its table."""

    name: str
    view: View
    show: Callable[[Row, PublicUrls], dict[str, Any]]
    query: type[ExportQuery]
    columns: Sequence[str]


def _plain(show: Callable[[Row], dict[str, Any]]) -> Callable[[Row, PublicUrls], dict[str, Any]]:
    """Show what has no URLs in it."""
    return lambda row, _: show(row)


EXPORTS: Final = (
    Export(
        "clients",
        queries.CLIENTS,
        _plain(client.from_row),
        ClientExport,
        ("id", *COLUMNS["clients"], "archived", *_TIMES)
    ),
    Export(
        "products", queries.PRODUCTS, _plain(product.from_row), ProductExport,
        ("id", *COLUMNS["products"], "archived", *_TIMES)
    ),
    Export(
        "suppliers", queries.SUPPLIERS, _plain(supplier.from_row), SupplierExport,
        (
            "id", "name", "reg_number", "tax_number", "email", "phone", "address.street", "address.city",
            "address.postal_code", "address.region", "address.country", *_TIMES,
        ),
    ),
    Export(
        "sales", queries.SALES, sale.from_row, SaleExport,
        (
            "id", "sale_type", "number", "status", "settlement", "overdue", "client_id", "client.name",
            "client.external_id", "currency", "document_date", "date_due", "include_tax", "net", "tax", "total",
            "deposit", "amount_due", "payment_method", "comment", "external_id", *_TIMES,
        ),
    ),
    Export(
        "payments", queries.PAYMENTS, _plain(payment.from_row), PaymentExport,
        (
            "id", "client_id", "status", "amount", "unapplied", "currency", "date", "method", "reference",
            "external_id", *_TIMES,
        ),
    ),
)  # fmt: skip


def _exporting(export: Export) -> Callable[[Api, Request], Any]:
    async def give(api: Api, call: Request) -> Response | web.StreamResponse:
        """Export the requested resources as one file."""
        requested = call.query_as(ExportQuery)
        return await stream_file(
            call,
            _parts(api, call, export, requested),
            name=f"{export.name}.{requested.format}",
            content_type=_TYPES[requested.format],
        )

    return give


async def _parts(api: Api, call: Request, export: Export, requested: ExportQuery) -> AsyncIterator[bytes]:
    is_table = requested.format == "csv"
    head = _table([export.columns]) if is_table else b""
    async for batch in batches_of(api, call, export.view, **requested.model_dump(exclude={"format"})):
        objects = [export.show(row, api.urls) for row in batch]
        yield head + (_rows(objects, export.columns) if is_table else _lines(objects))
        head = b""
    if head:
        yield head


def _lines(objects: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in objects)


def _rows(objects: Sequence[dict[str, Any]], columns: Sequence[str]) -> bytes:
    return _table([row_of(one, columns) for one in objects])


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    return written.getvalue().encode()


ROUTES = tuple(
    Route(
        "GET", f"/v1/{export.name}/export", f"export{export.name.title()}", _exporting(export), "read",
        f"Export {export.name} as CSV or JSON lines",
        query=export.query, response_types=("text/csv", "application/x-ndjson"), seconds_max=None, tag=export.name,
    )
    for export in EXPORTS
)  # fmt: skip
