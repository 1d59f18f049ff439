"""Render what a message carries: sales documents as PDF, as they stand when it goes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from action_executor.mail.mime import Attachment
from action_executor.messages import store
from action_executor.messages.models import SendingAccount
from contracts.resources import sale as sale_resource
from contracts.urls import PublicUrls
from contracts.wire.jobs import DocumentAttachment
from storage.pool import Pool

_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")


class DocumentGone(LookupError):
    """A document that a message is to carry is not there any more."""


async def render(
    pool: Pool, urls: PublicUrls, account: SendingAccount, wanted: Sequence[DocumentAttachment]
) -> list[Attachment]:
    """The files, in the order in which they are wanted.

    Raises:
        DocumentGone: one of the documents was deleted.
    """
    if not wanted:
        return []
    logo = await store.find_logo(pool, account_id=account.id)
    seller = {**account.profile, "name": account.legal_name, "logo": logo}
    return [await _sale_pdf(pool, urls, account, one.sale_id, seller) for one in wanted]


async def _sale_pdf(
    pool: Pool, urls: PublicUrls, account: SendingAccount, sale_id: UUID, seller: Mapping[str, Any]
) -> Attachment:
    row = await store.find_sale(pool, account_id=account.id, sale_id=sale_id)
    if row is None:
        raise DocumentGone(f"the sales document {sale_id} is not there any more")
    sale = sale_resource.from_row(row, urls) | {"invoice_number": row["invoice_number"]}
    content = await asyncio.to_thread(_rendered, sale, seller, sale["client"].get("locale") or account.locale)
    name = _NOT_IN_A_NAME.sub("-", sale["number"] or sale["sale_type"]).strip("-.") or "document"
    return Attachment(f"{name}.pdf", "application/pdf", content)


def _rendered(sale: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> bytes:
    # Here, because it brings reportlab and babel: 17 MB that a process only needs once a document goes out.
    from documents.pdf.render import render_sale  # noqa: PLC0415

    return render_sale(sale, seller, locale=locale)
