"""Convert orders of shops, WooCommerce and Shopify webhooks in JSON, to our own message.

They are recognised by their content and become our own JSON, which is then read and checked as any other: errors name
our fields. Of several statements of one amount the exact one is read: prices before discounts, discounts of each line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final

from documents import gaps

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_HUNDRED: Final = Decimal(100)
_DAY_CHARS: Final = 10  # of YYYY-MM-DDThh:mm:ss


def of_shop(message: Any) -> dict[str, Any] | None:
    """Return our message for a shop's order; None when it is not one."""
    if not isinstance(message, dict) or "document" in message or not isinstance(message.get("line_items"), list):
        return None
    if "billing" in message and "order_key" in message:
        return _of_woocommerce(message)
    if "financial_status" in message or "admin_graphql_api_id" in message:
        return _of_shopify(message)
    return None


def _of_woocommerce(order: Mapping[str, Any]) -> dict[str, Any]:
    """WooCommerce REST API v3: a line's subtotal and total are without tax, before and after discounts."""
    rates = {str(tax.get("rate_id")): tax.get("rate_percent") for tax in _objects(order, "tax_lines")}
    total, tax = _number(order.get("total")), _number(order.get("total_tax"))
    document = {
        "document_date": _day(order.get("date_created")),
        "document_ref": _text(order.get("number") or order.get("id")),
        "external_id": _text(order.get("id")),
        "currency": order.get("currency"),
        "client": _client(order.get("billing"), ("address_1", "address_2"), "postcode", "state", "country"),
        "lines": [_woocommerce_line(line, rates) for line in _objects(order, "line_items")],
        "adjustments": [_adjustment(fee) for fee in _objects(order, "fee_lines") if _number(fee.get("total"))],
        "shipping_charge": _nonzero(order.get("shipping_total")),
        "gross_amount": _said(total),
        "net_amount": _said(None if total is None or tax is None else _EXACT.subtract(total, tax)),
    }
    return {"document": document, "comment": order.get("customer_note") or None}


def _woocommerce_line(line: Mapping[str, Any], rates: Mapping[str, Any]) -> dict[str, Any]:
    quantity = _number(line.get("quantity")) or Decimal(1)
    before, after = _number(line.get("subtotal")), _number(line.get("total"))
    taxed = [rates.get(str(tax.get("id"))) for tax in _objects(line, "taxes") if _number(tax.get("total")) is not None]
    known = [rate for rate in taxed if rate is not None]
    return {
        "item_code": line.get("sku") or None,
        "name": line.get("name"),
        "quantity": _said(quantity),
        "unit_price": _said(gaps.quotient(before, quantity) if before is not None else _number(line.get("price"))),
        "discount_amount": None if before is None or after is None else _nonzero(_EXACT.subtract(before, after)),
        "total": _said(after),
        "tax_rate": _text(known[0]) if len(known) == 1 else None,
    }


def _adjustment(fee: Mapping[str, Any]) -> dict[str, Any]:
    amount = _number(fee.get("total")) or Decimal(0)
    kind = "charge" if amount >= 0 else "discount"
    return {"type": kind, "mode": "amount", "amount": _said(abs(amount)), "description": fee.get("name") or None}


def _of_shopify(order: Mapping[str, Any]) -> dict[str, Any]:
    """Shopify Admin API: prices include tax where `taxes_included`; discounts are allocated to lines."""
    total, tax = _number(order.get("total_price")), _number(order.get("total_tax"))
    customer, billing = order.get("customer"), order.get("billing_address")
    who = {**(customer if isinstance(customer, dict) else {}), **(billing if isinstance(billing, dict) else {})}
    who["email"] = order.get("email") or who.get("email")
    document = {
        "document_date": _day(order.get("created_at")),
        "document_ref": _text(order.get("name") or order.get("order_number") or order.get("id")),
        "external_id": _text(order.get("id")),
        "currency": order.get("currency"),
        "include_tax": bool(order.get("taxes_included")),
        "client": _client(who, ("address1", "address2"), "zip", "province", "country_code"),
        "lines": [_shopify_line(line) for line in _objects(order, "line_items")],
        "shipping_charge": _nonzero(
            sum(
                (_number(one.get("discounted_price") or one.get("price")) or Decimal(0))
                for one in _objects(order, "shipping_lines")
            )
        ),
        "gross_amount": _said(total),
        "net_amount": _said(None if total is None or tax is None else _EXACT.subtract(total, tax)),
    }
    return {"document": document, "comment": order.get("note") or None}


def _shopify_line(line: Mapping[str, Any]) -> dict[str, Any]:
    allocated = [_number(one.get("amount")) or Decimal(0) for one in _objects(line, "discount_allocations")]
    rates = [_number(tax.get("rate")) for tax in _objects(line, "tax_lines")]
    only = rates[0] if len(rates) == 1 else None
    return {
        "item_code": line.get("sku") or None,
        "name": line.get("name") or line.get("title"),
        "quantity": _text(line.get("quantity")),
        "unit_price": _text(line.get("price")),
        "discount_amount": _nonzero(sum(allocated, Decimal(0)) or _number(line.get("total_discount"))),
        "tax_rate": None if only is None else _said(gaps.plain(_EXACT.multiply(only, _HUNDRED))),
    }


def _client(given: Any, streets: Iterable[str], postal: str, region: str, country: str) -> dict[str, Any]:
    """The client: a company by its name, else a person by theirs, else the e-mail address."""
    who = given if isinstance(given, dict) else {}
    person = " ".join(str(part) for part in (who.get("first_name"), who.get("last_name")) if part)
    address = {
        "street": ", ".join(str(who[name]) for name in streets if who.get(name)) or None,
        "city": who.get("city") or None,
        "postal_code": _text(who.get(postal)) or None,
        "region": who.get(region) or None,
        "country": who.get(country) or None,
    }
    return {
        "name": who.get("company") or person or who.get("name") or who.get("email") or None,
        "type": "company" if who.get("company") else "person",
        "email": who.get("email") or None,
        "phone": who.get("phone") or None,
        "address": address if any(address.values()) else None,
    }


def _objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _day(value: Any) -> str | None:
    return value[:_DAY_CHARS] if isinstance(value, str) else None


def _number(value: Any) -> Decimal | None:
    if not isinstance(value, str | int | float | Decimal) or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < gaps.WHOLE_MAX else None


def _said(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _nonzero(value: Any) -> str | None:
    number = _number(value)
    return _said(number) if number else None
