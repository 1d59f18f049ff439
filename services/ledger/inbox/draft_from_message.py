"""Convert an order into a sales document: pure, from a message's document to a `SaleIn`.

Matching fields are copied; fields without a counterpart stay in the message, with a note where they matter. An unknown
product code stays text on its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from contracts.command_errors import InvalidInput
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.client import ClientIn
from contracts.resources.document_kinds import SaleType
from contracts.resources.inbox import MessageWarning, message_warning
from contracts.resources.inbox_message import AcceptSaleIn
from contracts.resources.sale import SaleIn
from ledger.inbox.countries import country_code
from ledger.inbox.document import Address, Document, Line, Party, within

DEFAULT_SALE_TYPE: Final[SaleType] = "sales_order"
TEXT_CHARS_MAX: Final = 10_000

_PERCENT_NAME: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%?", re.ASCII)
_OTHER_DATE: Final = 0
_DUE_DAYS: Final = 1
# Identifying fields of a client must be valid or be corrected; others may be left out.
_MAY_BE_LEFT_OUT: Final = frozenset(
    {"type", "first_name", "last_name", "email", "phone", "address", "locale", "currency", "comment"}
)
_AS_SAID: Final = (
    "document_date", "date_due", "currency", "operation", "tax_basis", "include_tax", "payment_method", "shipping_type",
    "shipping_charge", "deposit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mapped:
    """The document to draft, what was left out of it, and whether its external id is only the message's reference."""

    sale: SaleIn
    notes: tuple[MessageWarning, ...]
    implied_id: bool


def mapped(document: Document, comment: str | None, ctx: AcceptSaleIn) -> Mapped:
    """Make the document to draft; `comment` is the message's.

    Raises:
        InvalidInput: fields that a draft needs and the message lacks, or has wrong, with paths in the message.
    """
    notes: list[MessageWarning] = []
    fields: dict[str, Any] = {name: getattr(document, name) for name in _AS_SAID}
    fields |= {
        "sale_type": ctx.sale_type or document.sale_type or DEFAULT_SALE_TYPE,
        "pay_term": _pay_term(document, notes),
        "lines": [_line(line) for line in document.lines],
        "adjustments": [adjustment.of_ours.model_dump() for adjustment in document.adjustments],
        "external_id": document.external_id or document.document_ref or None,
        "comment": _comment(document, ctx.comment or comment),
        "issue": ctx.issue,
    }
    if ctx.client_id is not None:
        fields["client_id"] = ctx.client_id
    else:
        fields["client"] = _client(document.client or Party(), notes)
    try:
        sale = SaleIn.model_validate(fields)
    except ValidationError as error:
        raise InvalidInput(faults=[within(fault) for fault in field_errors(error)]) from None
    return Mapped(sale, tuple(notes), implied_id=not document.external_id)


def tax_rate(line: Line) -> Decimal | None:
    """A line's tax in percent; a name such as "21%" is a rate too."""
    if line.tax_rate is not None or not line.tax_name:
        return line.tax_rate
    match = _PERCENT_NAME.fullmatch(line.tax_name)
    rate = Decimal(match[1]) if match else None
    return rate if rate is not None and rate <= 100 else None  # noqa: PLR2004  of a hundred


def description(line: Line) -> str | None:
    """A line's text: its name and description, once where they are the same; else its bar code."""
    parts = [part for part in dict.fromkeys((line.name, line.description)) if part]
    text = "\n".join(parts)[:TEXT_CHARS_MAX]
    return text or (None if line.item_code else line.barcode or None)


def _line(line: Line) -> dict[str, Any]:
    rate = tax_rate(line)
    return {
        "item_code": line.item_code or None,
        "description": description(line),
        **line.priced._asdict(),
        "tax_rate": rate,
        "tax_category": line.tax_category or None,
        "unit": line.unit or None,
    }


def _pay_term(document: Document, notes: list[MessageWarning]) -> dict[str, Any] | None:
    """The pay term, unless it does not say when to pay: then the client's default applies."""
    term = document.pay_term
    if term is None:
        return None
    if (term.type == _DUE_DAYS and term.days is None) or (term.type == _OTHER_DATE and document.date_due is None):
        reason = f"of type {term.type} does not say when to pay: the client's default applies"
        notes.append(message_warning("adapted", "document.pay_term", reason))
        return None
    return term.model_dump()


def _client(party: Party, notes: list[MessageWarning]) -> dict[str, Any]:
    fields = party.model_dump(exclude={"address", "tax_number"})
    given = {name: value for name, value in fields.items() if value not in {None, ""}}
    if party.tax_number and "vat_number" not in given:
        given["vat_number"] = party.tax_number
    if party.address is not None:
        given["address"] = address_of(party.address, "document.client.address", notes)
    try:
        ClientIn.model_validate(given)
    except ValidationError as error:
        for fault in field_errors(error):
            name = re.split(r"[.\[]", fault.path)[0]
            if name in _MAY_BE_LEFT_OUT and given.pop(name, None) is not None:
                reason = f"was left out: it {fault.message}"
                notes.append(message_warning("adapted", f"document.client.{fault.path}", reason))
    return given


def address_of(address: Address, path: str, notes: list[MessageWarning]) -> dict[str, Any]:
    """An address as the ledger stores it: with the country's code, or with its name beside the region."""
    given = {name: value for name, value in address.model_dump().items() if value}
    country = given.pop("country", None)
    if country is not None and (code := country_code(country)) is not None:
        given["country"] = code
    elif country is not None:
        given["region"] = f"{given['region']}, {country}" if "region" in given else country
        reason = f"is {country!r}, which is an unknown country: it was added to the region"
        notes.append(message_warning("adapted", f"{path}.country", reason))
    return given


def _comment(document: Document, comment: str | None) -> str | None:
    parts = [comment] if comment else []
    if document.ship_to is not None:
        place = document.ship_to.address.model_dump().values() if document.ship_to.address else ()
        parts.append("Ship to: " + ", ".join(text for text in (document.ship_to.name, *place) if text))
    return "\n".join(parts)[:TEXT_CHARS_MAX] or None


def remapped(faults: tuple[FieldError, ...]) -> list[FieldError]:
    """Map errors of a draft to paths in the message; parties named by id are not in it."""
    return [fault if fault.path in {"client_id", "supplier_id"} else within(fault) for fault in faults]
