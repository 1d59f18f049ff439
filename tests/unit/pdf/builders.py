"""Build sales as the API gives them: a test says only what matters to it."""

from __future__ import annotations

from typing import Any

SELLER = {"name": "One Man Shop SIA"}


def a_line(description: str | None = "One hour of consulting", net: str = "138.66", **changes: Any) -> dict[str, Any]:
    return {
        "product_id": None,
        "item_code": None,
        "description": description,
        "quantity": "1",
        "unit_price": net,
        "discount": "0",
        "tax_rate": "19",
        "tax_category": None,
        "unit": None,
        "net": net,
    } | changes


def a_client(name: str = "Ozola Design SIA", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "company",
        "first_name": None,
        "last_name": None,
        "email": None,
        "phone": None,
        "reg_number": None,
        "vat_number": None,
        "address": None,
        "locale": None,
        "external_id": None,
    } | changes


def a_sale(**changes: Any) -> dict[str, Any]:
    """An issued invoice over 138.66 EUR and 19 % tax."""
    return {
        "id": "0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d",
        "sale_type": "sales_invoice",
        "number": "INV-2026-000042",
        "status": "issued",
        "settlement": "unpaid",
        "overdue": False,
        "client_id": "0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b",
        "client": a_client(),
        "currency": "EUR",
        "document_date": "2026-03-02",
        "date_due": "2026-03-16",
        "pay_term": None,
        "operation": None,
        "tax_basis": None,
        "include_tax": False,
        "payment_method": None,
        "shipping_type": None,
        "lines": [a_line()],
        "adjustments": [],
        "taxes": [{"category": None, "rate": "19", "net": "138.66", "tax": "26.35"}],
        "shipping_charge": "0.00",
        "deposit": "0.00",
        "net": "138.66",
        "tax": "26.35",
        "total": "165.01",
        "amount_due": "165.01",
        "comment": None,
        "external_id": None,
        "pdf_url": "/v1/sales/0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d/pdf",
        "created_at": "2026-03-02T09:29:58+00:00",
        "updated_at": "2026-03-02T09:30:00+00:00",
    } | changes
