"""`/v1/sales/{id}/paytraq` and other e-invoice formats: a sales document in formats for other programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from documents import cii_writer, paytraq_writer, ubl_writer
from documents.writing import NotWritable
from documents.xml_answer import XML_TYPE
from ingress.api import sale_seller
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response, Route

LINES_AT_ONCE: Final = 100
"""Documents of more lines are written in a thread: 5,000 lines take 0.1 s."""

Write = Callable[[Mapping[str, Any], Mapping[str, Any]], bytes]


def _writing(write: Write) -> Handler:
    async def give(api: Api, call: Request) -> Response:
        sale, account = await sale_seller.load(api, call)
        seller = sale_seller.seller_of(account)
        try:
            if len(sale["lines"]) <= LINES_AT_ONCE:
                written = write(sale, seller)
            else:
                written = await asyncio.to_thread(write, sale, seller)
        except NotWritable as refused:
            detail = "the document cannot be written in this format"
            raise InvalidInput(detail, faults=refused.faults) from None
        name = f"{sale['sale_type']}-{sale['id']}.xml"
        headers = {"Cache-Control": "private, no-cache", "Content-Disposition": f'inline; filename="{name}"'}
        return Response(200, written, headers, XML_TYPE)

    return give


ROUTES = (
    Route(
        "GET", "/v1/sales/{id}/ubl", "getSaleUbl", _writing(ubl_writer.write_ubl), "read",
        "Get an invoice or credit note as UBL 2.1 of Peppol BIS Billing 3", response_types=(XML_TYPE,), tag="sales",
    ),
    Route(
        "GET", "/v1/sales/{id}/cii", "getSaleCii", _writing(cii_writer.write_cii), "read",
        "Get an invoice or credit note as UN/CEFACT CII of XRechnung", response_types=(XML_TYPE,), tag="sales",
    ),
    Route(
        "GET", "/v1/sales/{id}/paytraq", "getSalePaytraq", _writing(paytraq_writer.write_sale), "read",
        "Get a sales document as PayTraq Direct XML", response_types=(XML_TYPE,), tag="sales",
    ),
)  # fmt: skip
