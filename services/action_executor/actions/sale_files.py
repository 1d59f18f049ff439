"""Make a file of a sales document in any of its formats, as it stands now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from action_executor.messages import store
from contracts.catalog.inputs import DocumentFormat
from contracts.resources import sale as sale_resource
from contracts.urls import PublicUrls
from documents.writing import NotWritable
from storage.pool import Pool

XML_TYPE: Final = "application/xml"
PDF_TYPE: Final = "application/pdf"
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")


class NotMade(ValueError):
    """The file cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file with a name of its own."""

    name: str
    content_type: str
    content: bytes


async def make_sale_file(
    pool: Pool, urls: PublicUrls, *, account_id: UUID, sale_id: UUID, kind: DocumentFormat
) -> MadeFile:
    """Render or write the document.

    Raises:
        NotMade: there is no such document, or this format cannot hold it; the message names the fields.
    """
    row = await store.find_sale(pool, account_id=account_id, sale_id=sale_id)
    if row is None:
        raise NotMade(f"there is no sales document {sale_id}")
    account = await store.find_account(pool, account_id=account_id)
    sale = sale_resource.from_row(row, urls) | {"invoice_number": row["invoice_number"]}
    logo = await store.find_logo(pool, account_id=account_id) if kind in {"pdf", "facturx"} else None
    seller = {**account.profile, "name": account.legal_name, "logo": logo}
    locale = sale["client"].get("locale") or account.locale
    try:
        content = await asyncio.to_thread(_written, sale, seller, kind, locale)
    except NotWritable as refused:
        faults = "; ".join(f"{fault.path} {fault.message}" for fault in refused.faults[:10])
        raise NotMade(f"the document cannot be written as {kind}: {faults}") from None
    base_name = _NOT_IN_A_NAME.sub("-", sale["number"] or sale["sale_type"]).strip("-.") or "document"
    is_pdf = kind in {"pdf", "facturx"}
    return MadeFile(f"{base_name}.{'pdf' if is_pdf else 'xml'}", PDF_TYPE if is_pdf else XML_TYPE, content)


def _written(sale: Mapping[str, Any], seller: Mapping[str, Any], kind: DocumentFormat, locale: str) -> bytes:
    # Each here, because some bring 17 MB that a process only needs once such a document is made.
    match kind:
        case "pdf":
            from documents.pdf.render import render_sale  # noqa: PLC0415

            return render_sale(sale, seller, locale=locale)
        case "facturx":
            from documents.facturx_writer import write_facturx  # noqa: PLC0415

            return write_facturx(sale, seller, locale=locale)
        case "ubl":
            from documents.ubl_writer import write_ubl  # noqa: PLC0415

            return write_ubl(sale, seller)
        case "cii":
            from documents.cii_writer import write_cii  # noqa: PLC0415

            return write_cii(sale, seller)
        case "paytraq":
            from documents.paytraq_writer import write_sale  # noqa: PLC0415

            return write_sale(sale, seller)
