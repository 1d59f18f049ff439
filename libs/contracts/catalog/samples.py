"""The objects that samples are made of: one small story, complete in every field, as `GET` of each thing gives it."""

from __future__ import annotations

from typing import Any, Final

JSONObject = dict[str, Any]

CLIENT: Final[JSONObject] = {
    "id": "0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b",
    "name": "Ozola Design SIA",
    "type": "company",
    "first_name": "Aija",
    "last_name": "Ozola",
    "email": "aija@ozola.example",
    "phone": "+371 20000000",
    "reg_number": "40003000000",
    "vat_number": "LV40003000000",
    "address": {
        "street": "Brīvības iela 1",
        "city": "Rīga",
        "postal_code": "LV-1010",
        "region": None,
        "country": "LV",
    },
    "shipping_address": {
        "street": "Uriekstes iela 3",
        "city": "Rīga",
        "postal_code": "LV-1005",
        "region": None,
        "country": "LV",
    },
    "contacts": [
        {"name": "Jānis Kalns", "role": "Accountant", "email": "janis@ozola.example", "phone": "+371 20000002"},
    ],
    "locale": "en",
    "currency": "EUR",
    "pay_term": {"type": 1, "days": 14},
    "collector_id": None,
    "external_id": "crm-1042",
    "comment": "Prefers e-mail",
    "archived": False,
    "balance": [{"currency": "EUR", "receivable": "165.01", "unapplied": "0.00"}],
    "created_at": "2026-03-02T08:00:00+00:00",
    "updated_at": "2026-03-02T08:00:00+00:00",
}

LINE: Final[JSONObject] = {
    "product_id": None,
    "item_code": "CONSULT",
    "description": "One hour of consulting",
    "quantity": "1",
    "unit_price": "128.66",
    "discount": "0",
    "discount_amount": None,
    "tax_rate": "19",
    "tax_category": "S",
    "taxes": [],
    "unit": "hour",
    "net": "128.66",
}

BASE: Final = "https://ledgerwire.example"  # stands for the installation's public URL
SALE_ID: Final = "0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d"

SALE: Final[JSONObject] = {
    "id": SALE_ID,
    "sale_type": "sales_invoice",
    "number": "INV-2026-000042",
    "status": "issued",
    "settlement": "unpaid",
    "overdue": False,
    "client_id": CLIENT["id"],
    "client": {
        name: CLIENT[name]
        for name in (
            "id",
            "name",
            "type",
            "first_name",
            "last_name",
            "email",
            "phone",
            "reg_number",
            "vat_number",
            "address",
            "shipping_address",
            "locale",
            "external_id",
        )
    },
    "currency": "EUR",
    "document_date": "2026-03-02",
    "date_due": "2026-03-16",
    "pay_term": {"type": 1, "days": 14},
    "operation": "sell_services",
    "tax_basis": 1,
    "include_tax": False,
    "payment_method": 1,
    "shipping_type": None,
    "lines": [LINE],
    "adjustments": [
        {"type": "charge", "mode": "amount", "amount": "10.00", "description": "Travel", "net": "10.00"},
    ],
    "taxes": [{"category": "S", "rate": "19", "net": "138.66", "tax": "26.35"}],
    "shipping_charge": "0.00",
    "deposit": "0.00",
    "net": "138.66",
    "tax": "26.35",
    "total": "165.01",
    "amount_due": "165.01",
    "credited": "0.00",
    "unapplied": "0.00",
    "allocations": [],
    "refunds": [],
    "invoice_id": None,
    "payment_id": None,
    "converted_from": None,
    "converted_to": None,
    "status_reason": None,
    "send_requested_at": None,
    "issued_at": "2026-03-02T09:30:00+00:00",
    "comment": "Thank you",
    "external_id": "shop-order-9001",
    "pdf_url": f"{BASE}/v1/sales/{SALE_ID}/pdf",
    "created_at": "2026-03-02T09:29:58+00:00",
    "updated_at": "2026-03-02T09:30:00+00:00",
}

PAYMENT: Final[JSONObject] = {
    "id": "0198f7c4-6d00-7a40-9d84-3f5a6b7c8d9e",
    "client_id": CLIENT["id"],
    "client": {name: CLIENT[name] for name in ("id", "name", "email", "external_id")},
    "status": "confirmed",
    "amount": "165.01",
    "unapplied": "0.00",
    "currency": "EUR",
    "date": "2026-03-10",
    "method": "bank",
    "reference": "INV-2026-000042",
    "allocations": [{"sale_id": SALE_ID, "amount": "165.01"}],
    "refunds": [],
    "receipt_id": None,
    "status_reason": None,
    "external_id": "bank-5521",
    "created_at": "2026-03-10T07:15:00+00:00",
    "updated_at": "2026-03-10T07:15:00+00:00",
}

INBOX_MESSAGE: Final[JSONObject] = {
    "id": "0198f7c4-2e00-7b50-8e95-4a6b7c8d9e0f",
    "box": "purchases",
    "state": "received",
    "channel": {"id": "0198f7c4-0f00-7c60-9fa6-5b7c8d9e0f1a", "kind": "direct", "name": "Suppliers"},
    "format": "paytraq",
    "received_at": "2026-03-02T09:30:00+00:00",
    "warnings": [],
    "duplicate_of": None,
    # What the sender left out is absent, not null.
    "document": {
        "document_date": "2026-03-01",
        "document_ref": "A-17",
        "supplier": {"name": "Paper and Pens OÜ", "reg_number": "10000001"},
        "client": {"name": "Baltic Trading OÜ"},
        "sale_type": "sales_invoice",
        "operation": "sell_goods",
        "currency": "EUR",
        "include_tax": False,
        "pay_term": {"type": 0},
        "date_due": "2026-03-15",
        "payment_method": 1,
        "lines": [
            {
                "item_code": "P-80",
                "name": "Paper A4",
                "description": "Paper A4, 80 g, 500 sheets",
                "quantity": "10",
                "unit_price": "4.20",
                "total": "42.00",
                "unit": "pack",
            }
        ],
        "gross_amount": "42.00",
        "net_amount": "42.00",
    },
    "links": {"document": "https://paper.example/A-17", "pdf": "https://paper.example/A-17.pdf"},
    "comment": "Delivered on 27 February",
    "file": {
        "name": "A-17.pdf",
        "content_type": "application/pdf",
        "size": 48211,
        "sha256": "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a",
        "url": f"{BASE}/v1/inbox/purchases/0198f7c4-2e00-7b50-8e95-4a6b7c8d9e0f/file",
    },
    "attachments": [],
    "decided_at": None,
    "decided_by": None,
    "reason": None,
    "result": None,
}

COLLECTOR: Final[JSONObject] = {"id": "0198f7c4-3f00-7d70-8ab7-6c8d9e0f1a2b", "name": "Friendly reminders"}
LAST_COLLECTOR: Final[JSONObject] = {"id": "0198f7c4-3f10-7e80-9bc8-7d9e0f1a2b3c", "name": "Debt collection"}
WHO: Final[JSONObject] = {"id": CLIENT["id"], "name": CLIENT["name"], "email": CLIENT["email"]}
"""A client in short, inside other objects."""

NOTE: Final[JSONObject] = {
    "id": "0198f7c4-8f00-7aa0-9dea-9f1a2b3c4d5e",
    "client_id": CLIENT["id"],
    "client": WHO | {"external_id": CLIENT["external_id"]},
    "sale_id": SALE_ID,
    "kind": "note",
    "body": "Asked for the invoice to be sent to the accountant.",
    "pinned": False,
    "needs_response": False,
    "resolved_at": None,
    "origin": "own",
    "created_at": "2026-03-19T10:00:00+00:00",
}

MOVE: Final[JSONObject] = {
    "id": "0198f7c4-9a00-7bb0-8efb-0a2b3c4d5e6f",
    "cause": "workflow",
    "from_collector": COLLECTOR,
    "to_collector": LAST_COLLECTOR,
    "client": WHO,
    "invoices": [
        {
            "id": SALE_ID,
            "number": "INV-2026-000042",
            "date_due": "2026-03-16",
            "currency": "EUR",
            "total": "165.01",
            "amount_due": "165.01",
        }
    ],
    "moved_by": None,
    "moved_at": "2026-04-16T08:00:00+00:00",
}

DISPUTE: Final[JSONObject] = {
    "id": "0198f7c4-ab00-7cc0-9f0c-1b3c4d5e6f7a",
    "sale_id": SALE_ID,
    "client_id": CLIENT["id"],
    "client": WHO | {"external_id": CLIENT["external_id"]},
    "number": "INV-2026-000042",
    "reason": "The hours were agreed at a lower price.",
    "state": "open",
    "resolution": None,
    "created_at": "2026-03-20T09:00:00+00:00",
    "resolved_at": None,
}

CALL: Final[JSONObject] = {
    "id": "0198f7c4-cd00-7ee0-9b2e-3d5e6f7a8b9c",
    "client_id": CLIENT["id"],
    "client": WHO,
    "outcome": "promised",
    "note": "Will pay at the end of the month.",
    "snooze_until": "2026-04-01",
    "state": "done",
    "author": {"kind": "person", "name": "Ieva Kalniņa"},
    "created_at": "2026-03-24T13:00:00+00:00",
}

QUOTA: Final[JSONObject] = {
    "quota": "clients",
    "limit": 500,
    "used": 500,
    "refused": "create_client",
    "period_start": "2026-03-01",
    "period_end": "2026-03-31",
}

WEBHOOK: Final[JSONObject] = {
    "id": "0198f7c4-de00-7ff0-8c3f-4e6f7a8b9c0d",
    "channel": {"id": "0198f7c4-0f10-7a00-9d40-5f7a8b9c0d1e", "kind": "hook", "name": "Web shop"},
    "received_at": "2026-03-02T09:30:00+00:00",
    "content_type": "application/json",
    "body": {"order": "9001", "total": "165.01"},
}

DISABLED_HOOK: Final[JSONObject] = {
    "id": "0198f7c4-1c00-7d40-8f72-8c9d0e1f2a3b",
    "target_url": "https://receiver.example/hook",
    "triggers": ["sale.posted"],
    "filters": {},
    "ordered": None,
    "name": "Accounting",
    "state": "disabled",
    "reason": "only failures for 5 days",
    "created_by": {"kind": "access_token", "id": "0198f7c4-0400-7e50-8a61-7b8c9d0e1f2a", "name": "Accounting"},
    "created_at": "2026-01-12T08:15:00+00:00",
    "updated_at": "2026-03-02T09:30:00+00:00",
}

FAILED_RUN: Final[JSONObject] = {
    "id": "0198f7c4-ef00-7a10-8d50-6a7b8c9d0e1f",
    "automation_id": "0198f7c4-0e00-7b20-9e61-7b8c9d0e1f2a",
    "version": 1,
    "event_id": "0198f7c4-5a00-7c30-af72-8c9d0e1f2a3b",
    "trigger_key": "sale.posted",
    "state": "failed",
    "step_no": 1,
    "due_at": None,
    "error": "step 1 (http_request): answered 404: no such list",
    "replays": 0,
    "created_at": "2026-03-02T09:30:01+00:00",
    "finished_at": "2026-03-02T09:30:02+00:00",
    "automation_name": "New invoices to the mailing list",
}
