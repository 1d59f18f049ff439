"""Builders of messages as senders write them, and the two ways a reading of one may end."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import xmltodict

from contracts.primitives.problem import FieldError
from contracts.strict_json import JsonRefused
from documents.command_form import as_json
from documents.document import InboxKind
from documents.parsed import Parsed
from documents.parser import read_document
from documents.xml import XmlRefused

SAMPLES = Path(__file__).parents[2] / "samples"

EVERY_TAG: dict[str, Any] = {
    "Header": {
        "Document": {
            "DocumentDate": "2026-01-30",
            "DocumentRef": "INV-1001",
            "ExternalLink": {
                "DocumentURI": "https://supplier.example/invoices/1001",
                "PDF": "https://supplier.example/invoices/1001.pdf",
            },
            "SupplierData": {"SupplierName": "Ziemeļu Papīrs SIA"},
            "ClientData": {"ClientName": "Baltic Trading OÜ"},
        },
        "SaleType": "sales_invoice",
        "Operation": "sell_goods",
        "Currency": "EUR",
        "TaxBasis": "1",
        "IncludeTax": "false",
        "PayTerm": {"PayTermType": "1", "PayTermDays": "14"},
        "Deposit": "10.00",
        "Comment": "Thank you & see you again",
        "PaymentMethod": "1",
        "ShippingData": {"ShippingType": "1"},
    },
    "LineItems": {
        "LineItem": [
            {
                "Item": {"ItemCode": "007", "ItemBarCode": "0475000000017", "ItemName": "Paper A4"},
                "Description": "500 sheets",
                "Qty": "10",
                "Price": "4.50",
                "LineDiscount": "5",
                "LineTotal": "42.75",
                "Unit": {"UnitName": "pack"},
            },
            {"Item": {"ItemName": "Toner"}, "Qty": "1", "Price": "60.00"},
        ]
    },
    "Adjustments": {
        "Adjustment": [{"Amount": "2.75", "Description": "Loyalty", "TypeID": "discount", "PctOrAmount": "amount"}]
    },
    "ShippingCharge": {"Amount": "5.00"},
    "Totals": {"GrossAmount": "127.05", "NetAmount": "105.00"},
}

JSON_FORM: dict[str, Any] = {
    "document": {
        "document_date": "2026-01-30",
        "document_ref": "INV-1001",
        "supplier": {"name": "Ziemeļu Papīrs SIA"},
        "client": {"name": "Baltic Trading OÜ"},
        "sale_type": "sales_invoice",
        "operation": "sell_goods",
        "currency": "EUR",
        "tax_basis": 1,
        "include_tax": False,
        "pay_term": {"type": 1, "days": 14},
        "deposit": "10.00",
        "payment_method": 1,
        "shipping_type": 1,
        "lines": [
            {
                "item_code": "007",
                "barcode": "0475000000017",
                "name": "Paper A4",
                "description": "500 sheets",
                "quantity": "10",
                "unit_price": "4.50",
                "discount": "5",
                "total": "42.75",
                "unit": "pack",
            },
            {"name": "Toner", "quantity": "1", "unit_price": "60.00"},
        ],
        "adjustments": [{"type": "discount", "mode": "amount", "amount": "2.75", "description": "Loyalty"}],
        "shipping_charge": "5.00",
        "gross_amount": "127.05",
        "net_amount": "105.00",
    },
    "links": {
        "document": "https://supplier.example/invoices/1001",
        "pdf": "https://supplier.example/invoices/1001.pdf",
    },
    "comment": "Thank you & see you again",
}
"""What EVERY_TAG says, as JSON."""


def with_changes(tree: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy in which "LineItems/LineItem/0/Qty" and the like have another value, or with None are gone."""
    changed = copy.deepcopy(tree)
    for path, value in changes.items():
        *steps, last = path.split("/")
        place: Any = changed
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if isinstance(place, list):
            place[int(last)] = value
        elif value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return changed


def a_sale(changes: dict[str, Any] | None = None, *, of: dict[str, Any] | None = None) -> bytes:
    """A `<Sale>` with every tag of PayTraq Direct, but for the changes."""
    text: str = xmltodict.unparse({"Sale": with_changes(of or EVERY_TAG, changes or {})})
    return text.encode()


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read(
    body: bytes, *, box: InboxKind = "purchases", content_type: str = "application/xml"
) -> Parsed | list[FieldError]:
    """The reading; what cannot be read at all is a fault of the whole here, and 400 instead of 422 over HTTP."""
    try:
        return read_document(body, content_type=content_type, box=box)
    except JsonRefused as refused_whole:
        return [FieldError("", str(refused_whole))]
    except XmlRefused as refused_whole:
        return [FieldError("/", str(refused_whole))]


def accepted(body: bytes, *, box: InboxKind = "purchases", content_type: str = "application/xml") -> Parsed:
    """The reading of a message that must be taken."""
    answer = read(body, box=box, content_type=content_type)
    assert isinstance(answer, Parsed), answer
    return answer


def refused(body: bytes, *, box: InboxKind = "purchases", content_type: str = "application/xml") -> dict[str, str]:
    """The faults of a message that must be refused, message by path."""
    answer = read(body, box=box, content_type=content_type)
    assert isinstance(answer, list), as_json(answer.document)
    return {fault.path: fault.message for fault in answer}


def texts(message: Parsed) -> list[str]:
    """The warnings of a reading as sentences, each beginning with its path."""
    return [f"{warning.path} {warning.message}" for warning in message.warnings]
