"""`/v1/sales/{id}/pdf`: a sales document as PDF, in the language of its client, rendered on request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from contracts.resources.schemas import Model
from documents.writing import NotWritable
from ingress.access import account_store
from ingress.access.account_store import Account
from ingress.api import sale_seller
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views.pdf_renderer import PdfRenderer

SECONDS_MAX: Final = 30.0  # waiting for others included
_TYPE: Final = "application/pdf"
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")
_ETAG: Final = re.compile(r'"[^"]*"')


class PdfQuery(Model):
    """Which form of the PDF."""

    facturx: bool = False


async def get_sale_pdf(api: Api, call: Request) -> Response:
    """Return the PDF, or 304 when the caller has the same bytes already."""
    sale, account = await sale_seller.load(api, call)
    try:
        paper = await _press().sale(
            sale,
            await _seller(api, account),
            locale=sale["client"].get("locale") or account.locale,
            account_id=call.account_id,
            facturx=call.query_as(PdfQuery).facturx,
        )
    except NotWritable as refused:
        raise InvalidInput("the document cannot be a Factur-X", faults=refused.faults) from None
    etag = f'"{sha256(paper).hexdigest()}"'
    # Clients may cache it, and must revalidate: an issued document still changes its state.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if _knows(call.headers.get("If-None-Match", ""), etag):
        return Response(304, b"", headers, _TYPE)
    return Response(200, paper, headers | {"Content-Disposition": _disposition(sale)}, _TYPE)


async def _seller(api: Api, account: Account) -> dict[str, Any]:
    """The seller with the logo that is printed."""
    logo = await account_store.find_logo(api.pool, account_id=account.account_id) if account.logo else None
    return sale_seller.seller_of(account) | {"logo": logo[1] if logo else None}


@cache
def _press() -> PdfRenderer:
    return PdfRenderer()


def _knows(header: str, etag: str) -> bool:
    """Whether `If-None-Match` names this content, compared weakly as RFC 9110 says."""
    return header.strip() == "*" or etag in _ETAG.findall(header)


def _disposition(sale: Mapping[str, Any]) -> str:
    """Shown in place, and saved under the document's number (RFC 6266); a draft has none."""
    name = _NOT_IN_A_NAME.sub("-", sale["number"] or f"{sale['sale_type']}-{sale['id']}").strip("-.") or "document"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    further = "" if name.isascii() else f"; filename*=UTF-8''{quote(name + '.pdf')}"
    return f'inline; filename="{plain}.pdf"{further}'


ROUTES = (
    Route(
        "GET", "/v1/sales/{id}/pdf", "getSalePdf", get_sale_pdf, "read",
        "Get a sales document as PDF, or with `facturx` as PDF/A-3 with its e-invoice inside", query=PdfQuery,
        response_types=("application/pdf",), seconds_max=SECONDS_MAX, tag="sales",
    ),
)  # fmt: skip
