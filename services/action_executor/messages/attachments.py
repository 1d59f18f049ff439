"""Render what a message carries: sales documents and statements of account as PDF, as they are when it goes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from action_executor.mail.mime import Attachment
from action_executor.messages import store
from action_executor.messages.models import SendingAccount
from contracts.primitives.money import from_minor
from contracts.resources import sale as sale_resource
from contracts.urls import PublicUrls
from contracts.wire.jobs import Attachment as WantedAttachment
from contracts.wire.jobs import DocumentAttachment
from storage.pool import Pool

_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")


class DocumentGone(LookupError):
    """A document or client that a message is to show is not there any more."""


async def render(
    pool: Pool, urls: PublicUrls, account: SendingAccount, wanted: Sequence[WantedAttachment]
) -> list[Attachment]:
    """The files, in the order in which they are wanted.

    Raises:
        DocumentGone: one of the documents was deleted.
    """
    if not wanted:
        return []
    logo = await store.find_logo(pool, account_id=account.id)
    seller = {**account.profile, "name": account.legal_name, "logo": logo}
    return [
        await _sale_pdf(pool, urls, account, one.sale_id, seller)
        if isinstance(one, DocumentAttachment)
        else await _statement_pdf(pool, account, one.client_id, seller)
        for one in wanted
    ]


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


async def _statement_pdf(pool: Pool, account: SendingAccount, client_id: UUID, seller: Mapping[str, Any]) -> Attachment:
    client = await store.find_client(pool, account_id=account.id, client_id=client_id)
    if client is None:
        raise DocumentGone(f"the client {client_id} is not there any more")
    rows = await store.open_invoices(pool, account_id=account.id, client_id=client_id)
    today = await store.today(pool, account_id=account.id)
    statement = {
        "as_of": today.isoformat(),
        "client": client,
        "invoices": [_open_invoice(row) for row in rows],
    }
    content = await asyncio.to_thread(_rendered_statement, statement, seller, client["locale"] or account.locale)
    return Attachment(f"statement-{today.isoformat()}.pdf", "application/pdf", content)


def _open_invoice(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": row["number"],
        "document_date": row["document_date"].isoformat(),
        "date_due": row["date_due"].isoformat() if row["date_due"] else None,
        "currency": row["currency"],
        "total": from_minor(row["total_minor"], row["currency"]),
        "amount_due": from_minor(row["amount_due_minor"], row["currency"]),
        "overdue": row["overdue"],
        "disputed": row["disputed"],
    }


def _rendered_statement(statement: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> bytes:
    from documents.pdf.statement import render_statement  # noqa: PLC0415  as below

    return render_statement(statement, seller, locale=locale)


def _rendered(sale: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> bytes:
    # Here, because it brings reportlab and babel: 17 MB that a process only needs once a document goes out.
    from documents.pdf.render import render_sale  # noqa: PLC0415

    return render_sale(sale, seller, locale=locale)
