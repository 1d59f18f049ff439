"""A sales document with its seller, as what is written of it needs both: PDF and e-invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contracts.resources import sale as sale_resource
from ingress.access import account_store
from ingress.access.account_store import Account
from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Request
from ingress.views import queries, responses


async def load(api: Api, call: Request) -> tuple[dict[str, Any], Account]:
    """The requested sale, with `invoice_number` where it corrects an invoice, and the account.

    Raises:
        NotFound: the account has no such sale.
    """
    sale = sale_resource.from_row(await responses.row_of(api, call, queries.SALES), api.urls)
    account = await account_store.find(api.pool, account_id=call.account_id)
    if account is None:
        raise NotFound
    sale["invoice_number"] = await _invoice_number(api, call, sale)
    return sale, account


def seller_of(account: Account) -> dict[str, Any]:
    """The account as the seller on its documents, under its legal name where it has one."""
    return {**account.profile, "name": account.profile.get("legal_name") or account.name}


async def _invoice_number(api: Api, call: Request, sale: Mapping[str, Any]) -> str | None:
    """The number of the invoice that a credit note corrects: the document must show it (2006/112/EC, article 219)."""
    if sale.get("invoice_id") is None:
        return None
    invoice = await queries.find(
        api.pool, queries.SALES, account_id=call.account_id, identifier=UUID(sale["invoice_id"])
    )
    return invoice["number"] if invoice else None
