"""Codes of UNTDID that UBL and CII share, as our documents have them."""

from __future__ import annotations

from typing import Final

from contracts.resources.document_kinds import SaleType
from documents.values import PaymentMethod

FREIGHT: Final = "FC"
"""UN/ECE 7161: a charge that is for shipping."""

_KINDS: Final[dict[str, SaleType]] = {
    "325": "sales_proforma", "81": "credit_note", "83": "credit_note", "261": "credit_note", "381": "credit_note",
    "396": "credit_note", "532": "credit_note",
}  # fmt: skip
_MEANS: Final[dict[str, PaymentMethod]] = {
    "10": 2, "30": 1, "31": 1, "42": 1, "48": 3, "49": 1, "54": 3, "55": 3, "57": 1, "58": 1, "59": 1, "97": 5,
}  # fmt: skip


def kind_of(type_code: str) -> SaleType:
    """Return the kind of document by UN/ECE 1001; an invoice by default."""
    return _KINDS.get(type_code, "sales_invoice")


def payment_method_of(code: str | None) -> PaymentMethod | None:
    """Convert a payment means of UN/ECE 4461 to PayTraq's methods; None for the others."""
    return _MEANS.get(code or "")
