"""Write a sales document as `<Sale>`, the message of PayTraq Direct that a client's purchase inbox takes.

Names and values are those of PayTraq Direct's page, read back by `documents.paytraq`. Fields without a place on the
page go into elements that it names elsewhere, which our own reader reads: TaxKey of Connect on a line, numbers and
address of the parties. A discount in an amount has no place: it becomes a percentage, a price or, at last, a line of
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from contracts.primitives.money import plain
from contracts.primitives.problem import FieldError
from contracts.resources.schemas import PAYMENT_METHODS
from documents.writing import NotWritable
from documents.xml_writer import document, element, group

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_HUNDRED: Final = Decimal(100)
_PRICE_DIGITS: Final = 8  # of a unit price in a document of ours
_PERCENT_DIGITS: Final = 6


def write_sale(sale: Mapping[str, Any], seller: Mapping[str, Any]) -> bytes:
    """Write a sale, as `GET /v1/sales/{id}` gives it, in UTF-8.

    `seller` has the account's `name`, and may have the other fields of its profile. A line of any kind is taken, also
    below 0. Totals are the stored ones; a line's total is left out where prices include tax.

    Raises:
        NotWritable: the document has no number, because it is a draft.
    """
    if not sale["number"]:
        raise NotWritable([FieldError("number", "is required: issue the document first")])
    return document(
        "Sale",
        _header(sale, seller),
        group("LineItems", *(_line(line, include_tax=sale["include_tax"]) for line in sale["lines"])),
        group("Adjustments", *(_adjustment(adjustment) for adjustment in sale["adjustments"])),
        group("ShippingCharge", _nonzero("Amount", sale["shipping_charge"])),
        group("Totals", element("GrossAmount", sale["total"]), element("NetAmount", sale["net"])),
    )


def _header(sale: Mapping[str, Any], seller: Mapping[str, Any]) -> str:
    return group(
        "Header",
        group(
            "Document",
            element("DocumentDate", sale["document_date"]),
            element("DocumentRef", sale["number"]),
            group(
                "SupplierData",
                element("SupplierName", seller["name"]),
                element("SupplierRegNumber", seller.get("reg_number")),
                element("SupplierTaxNumber", seller.get("vat_number")),
                element("SupplierEmail", seller.get("email")),
            ),
            _client(sale["client"]),
        ),
        element("SaleType", sale["sale_type"]),
        element("Operation", sale["operation"]),
        element("Currency", sale["currency"]),
        element("TaxBasis", sale["tax_basis"]),
        element("IncludeTax", "true" if sale["include_tax"] else "false"),
        *_pay_term(sale),
        _nonzero("Deposit", sale["deposit"]),
        element("Comment", sale["comment"]),
        element("PaymentMethod", None if (method := sale["payment_method"]) is None else PAYMENT_METHODS.index(method)),
        group("ShippingData", element("ShippingType", sale["shipping_type"])),
    )


def _client(client: Mapping[str, Any]) -> str:
    kind, address = client.get("type"), client.get("address") or {}
    return group(
        "ClientData",
        element("ClientName", client["name"]),
        element("IsCompany", None if kind is None else "true" if kind == "company" else "false"),
        element("ClientEmail", client.get("email")),
        element("ClientPhone", client.get("phone")),
        element("ClientRegNumber", client.get("reg_number")),
        element("ClientTaxNumber", client.get("vat_number")),
        group(
            "BillingAddress",
            element("Address", address.get("street")),
            element("City", address.get("city")),
            element("Zip", address.get("postal_code")),
            element("Region", address.get("region")),
            element("Country", address.get("country")),
        ),
    )


def _pay_term(sale: Mapping[str, Any]) -> tuple[str, str]:
    """Write the pay term; a due date counts only with type 0 (other date), which it has where no term is kept."""
    term = sale["pay_term"] or {"type": 0, "days": None}
    if term["type"] == 0 and sale["date_due"] is None:
        return "", ""
    written = group("PayTerm", element("PayTermType", term["type"]), element("PayTermDays", term["days"]))
    return written, element("DateDue", sale["date_due"]) if term["type"] == 0 else ""


def _line(line: Mapping[str, Any], *, include_tax: bool) -> str:
    quantity, price, discount = _priced(line)
    return group(
        "LineItem",
        group("Item", element("ItemCode", line["item_code"])),
        element("Description", line["description"]),
        element("Qty", plain(quantity)),
        element("Price", plain(price)),
        element("LineDiscount", plain(discount) if discount else None),
        element("LineTotal", None if include_tax else line["net"]),
        group("Unit", element("UnitName", line["unit"])),
        _tax(line),
    )


def _priced(line: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, price and discount in percent; a discount in an amount is brought to one of them, exactly."""
    quantity, price, discount = (Decimal(line[name]) for name in ("quantity", "unit_price", "discount"))
    if not (amount := Decimal(line["discount_amount"] or 0)):
        return quantity, price, discount
    full = _EXACT.multiply(quantity, price)
    left = _EXACT.subtract(full, amount.copy_sign(full))
    percent = _rounded(_EXACT.divide(_EXACT.multiply(amount, _HUNDRED), abs(full)), _PERCENT_DIGITS)
    if _EXACT.multiply(abs(full), percent) == _EXACT.multiply(amount, _HUNDRED):
        return quantity, price, percent
    each = _rounded(_EXACT.divide(left, quantity), _PRICE_DIGITS)
    if _EXACT.multiply(each, quantity) == left:
        return quantity, each, Decimal(0)
    return Decimal(1), left, Decimal(0)


def _rounded(value: Decimal, places: int) -> Decimal:
    return _EXACT.quantize(value, Decimal(1).scaleb(-places))


def _tax(line: Mapping[str, Any]) -> str:
    """Write a line's tax as Connect's TaxKey: its rate as the name, its category as the key; several as words alone."""
    if line["taxes"]:
        return group("TaxKey", element("TaxKeyName", " + ".join(f"{tax['rate']}%" for tax in line["taxes"])))
    if line["tax_rate"] is None and line["tax_category"] is None:
        return ""
    rate = line["tax_rate"] or "0"
    return group("TaxKey", element("TaxKeyID", line["tax_category"]), element("TaxKeyName", f"{rate}%"))


def _adjustment(adjustment: Mapping[str, Any]) -> str:
    return group(
        "Adjustment",
        element("Amount", adjustment["amount"]),
        element("Description", adjustment["description"]),
        element("TypeID", adjustment["type"]),
        element("PctOrAmount", adjustment["mode"]),
    )


def _nonzero(name: str, amount: str) -> str:
    return element(name, amount if Decimal(amount) else None)
