"""Make a bill's and a rule's JSON from their views' rows: what `GET` and a command's answer give."""

from __future__ import annotations

from typing import Any

from contracts.primitives.money import from_minor
from contracts.resources.output import Row
from contracts.serializers.ledger import file
from contracts.urls import PublicUrls

_AS_KEPT = (
    "document_type", "document_ref", "supplier", "pay_term", "include_tax", "lines", "adjustments", "taxes",
    "payment_method", "payment_means", "status", "status_reason", "comment", "links",
)  # fmt: skip


def bill(row: Row, urls: PublicUrls) -> dict[str, Any]:
    """A supplier's bill, from `ledger_api.bill`; `supplier` is the supplier as it was when the bill was recorded.

    Amounts are those that the supplier states, so they may be below 0; `payable` is what is left to pay.
    """
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        "supplier_id": str(row["supplier_id"]),
        **{name: row[name] for name in _AS_KEPT},
        "document_date": str(row["document_date"]),
        "date_due": None if row["date_due"] is None else str(row["date_due"]),
        "currency": currency,
        "shipping_charge": from_minor(row["shipping_minor"], currency),
        "net": from_minor(row["net_minor"], currency),
        "tax": from_minor(row["tax_minor"], currency),
        "total": from_minor(row["total_minor"], currency),
        "prepaid": from_minor(row["prepaid_minor"], currency),
        "rounding": from_minor(row["rounding_minor"], currency),
        "payable": from_minor(row["payable_minor"], currency),
        "file": file(row["file"], urls.bill_file(row["id"])),
        "attachments": [
            file(kept, urls.bill_attachment(row["id"], number))
            for number, kept in enumerate(row["attachments"], start=1)
        ],
        "message_id": str(row["message_id"]),
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


def rule(row: Row) -> dict[str, Any]:
    """A rule that accepts messages, from `ledger_api.inbox_rule`, in the form in which it was sent."""
    currency = row["currency"]
    amount = row["max_amount_minor"]
    return {
        "id": str(row["id"]),
        "box": row["box"],
        "match": row["match"],
        "action": "accept",
        "conditions": {
            "max_amount": None if amount is None else from_minor(amount, currency),
            "currency": currency,
            "no_warnings": row["no_warnings"],
        },
        "issue": row["issue"],
        "auto_processing": row["auto_processing"],
        "name": row["name"],
        "created_at": row["created_at"].isoformat(),
    }
