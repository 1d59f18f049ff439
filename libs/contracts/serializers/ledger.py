"""Make an object's JSON from a row of its owner's `_api` view: what `GET`, a command's answer and an event give.

There is one function for each kind of thing, used by its owner and by ingress, so that a read and an event are the
same. All give plain JSON values: ids, dates and times as text, money as decimal text beside its currency.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.primitives.money import from_minor
from contracts.resources.output import Row
from contracts.urls import PublicUrls


def client(row: Row) -> dict[str, Any]:
    """A client, from `ledger_api.client`.

    `balance` has one row for each currency that the client ever had something in: what is owed, and what the client
    has to spare (overpaid or credited). A client's own `currency` is what new documents get.
    """
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in _CLIENT_FIELDS},
        "collector_id": _text(row["collector_id"]),
        "external_id": row["external_id"],
        "comment": row["comment"],
        "archived": row["archived_at"] is not None,
        "balance": [_balance(balance) for balance in row["balances"]],
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
    }


_CLIENT_FIELDS = (
    "name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "address",
    "shipping_address", "contacts", "locale", "currency", "pay_term",
)  # fmt: skip


def _balance(row: Row) -> dict[str, str]:
    currency = row["currency"]
    return {
        "currency": currency,
        "receivable": from_minor(row["receivable_minor"], currency),
        "unapplied": from_minor(row["unapplied_minor"], currency),
    }


def sale(row: Row, urls: PublicUrls) -> dict[str, Any]:
    """A sales document, from `ledger_api.sale`; `settlement` is null where nothing can be owed, as on a quote.

    `credited` is what credit notes against an invoice come to; of a credit note, `allocations` are the invoices that
    it settles, `refunds` what was given back, and `unapplied` is what is left.
    """
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        "sale_type": row["sale_type"],
        "number": row["number"],
        "status": row["status"],
        "settlement": row["settlement"],
        "overdue": row["overdue"],
        "client_id": str(row["client_id"]),
        "client": {"id": str(row["client_id"]), **row["client"]},
        "currency": currency,
        "document_date": _text(row["document_date"]),
        "date_due": _text(row["date_due"]),
        **{name: row[name] for name in _SALE_FIELDS},
        "shipping_charge": from_minor(row["shipping_minor"], currency),
        "deposit": from_minor(row["deposit_minor"], currency),
        "net": from_minor(row["net_minor"], currency),
        "tax": from_minor(row["tax_minor"], currency),
        "total": from_minor(row["total_minor"], currency),
        "amount_due": from_minor(row["amount_due_minor"], currency),
        "credited": from_minor(row["credited_minor"], currency),
        "unapplied": from_minor(row["unapplied_minor"], currency),
        "allocations": _allocations(row, currency),
        "refunds": _refunds(row, currency),
        "invoice_id": _text(row["invoice_id"]),
        "payment_id": _text(row["payment_id"]),
        "converted_from": _text(row["converted_from"]),
        "converted_to": _text(row["converted_to"]),
        "status_reason": row["status_reason"],
        "send_requested_at": None if row["send_requested_at"] is None else _time(row["send_requested_at"]),
        "issued_at": None if row["issued_at"] is None else _time(row["issued_at"]),
        "comment": row["comment"],
        "external_id": row["external_id"],
        "pdf_url": urls.sale_pdf(row["id"]),
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
    }


_SALE_FIELDS = (
    "pay_term", "operation", "tax_basis", "include_tax", "payment_method", "shipping_type", "lines", "adjustments",
    "taxes",
)  # fmt: skip


def payment(row: Row) -> dict[str, Any]:
    """A payment, from `ledger_api.payment`; `allocations` and `refunds` are those that stand.

    `client` is {id, name, email, external_id}, as the client is now.
    """
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        "client_id": str(row["client_id"]),
        "client": row["client"],
        "status": row["status"],
        "amount": from_minor(row["amount_minor"], currency),
        "unapplied": from_minor(row["unapplied_minor"], currency),
        "currency": currency,
        "date": _text(row["date"]),
        "method": row["method"],
        "reference": row["reference"],
        "allocations": _allocations(row, currency),
        "refunds": _refunds(row, currency),
        "receipt_id": _text(row["receipt_id"]),
        "status_reason": row["status_reason"],
        "external_id": row["external_id"],
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
    }


def _allocations(row: Row, currency: str) -> list[dict[str, str]]:
    return [
        {"sale_id": allocation["sale_id"], "amount": from_minor(allocation["amount_minor"], currency)}
        for allocation in row["allocations"]
    ]


def _refunds(row: Row, currency: str) -> list[dict[str, str | None]]:
    return [
        {
            "id": refund["id"],
            "amount": from_minor(refund["amount_minor"], currency),
            "date": refund["date"],
            "reference": refund["reference"],
        }
        for refund in row["refunds"]
    ]


def inbox_message(row: Row, urls: PublicUrls) -> dict[str, Any]:
    """A message in an inbox, from `ledger_api.inbox_message`, without its raw bytes.

    `document` has no fields when the message is a file alone. `decided_by` is {kind, id, name} of the caller's
    credentials or of the rule, `result` what came of it: {client_id, sale_id} or {supplier_id, bill_id}.
    """
    return {
        "id": str(row["id"]),
        "box": row["box"],
        "state": row["state"],
        "channel": row["channel"],
        "format": row["format"],
        "received_at": _time(row["received_at"]),
        "warnings": row["warnings"],
        "duplicate_of": _text(row["duplicate_of"]),
        "document": row["document"],
        "links": row["links"],
        "comment": row["comment"],
        "file": file(row["file"], urls.inbox_file(row["box"], row["id"])),
        "attachments": [
            file(kept, urls.inbox_attachment(row["box"], row["id"], number))
            for number, kept in enumerate(row["attachments"], start=1)
        ],
        "decided_at": None if row["decided_at"] is None else _time(row["decided_at"]),
        "decided_by": row["decided_by"],
        "reason": row["reason"],
        "result": row["result"],
    }


def file(kept: Row | None, url: str) -> dict[str, Any] | None:
    """A file that a message or bill has, and where it is given."""
    if kept is None:
        return None
    return {name: kept[name] for name in ("name", "content_type", "size", "sha256")} | {"url": url}


def _text(value: UUID | date | None) -> str | None:
    return None if value is None else str(value)


def _time(value: datetime) -> str:
    return value.isoformat()
