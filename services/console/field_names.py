"""Names of the API's fields as people read them: for forms of the catalog, and for its faults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from console.i18n import N_

NAMES: Final[Mapping[str, str]] = {
    "account_name": N_("Company name"), "address": N_("Address"), "adjustments": N_("Charges and discounts"),
    "all": N_("All of"), "allocations": N_("Allocation"), "amount": N_("Amount"), "any": N_("Any of"),
    "archived": N_("Archived"), "attach_pdf": N_("Attach the PDF"),
    "attach_statement": N_("Attach the statement of account"),
    "attachments": N_("Attachments"),
    "bank_accounts": N_("Bank account"), "barcode": N_("Barcode"), "bic": N_("BIC"), "body": N_("Body"),
    "branches": N_("Branches"), "business_day": N_("On the next business day"), "channel": N_("Channel"),
    "city": N_("City"), "client": N_("Client"), "client_id": N_("Client"), "closes": N_("Until"), "code": N_("Code"),
    "collector_id": N_("Collector"), "columns": N_("Columns"), "comment": N_("Comment"),
    "connection_id": N_("Connection"),
    "contacts": N_("Contacts"), "content": N_("Content"), "content_base64": N_("Content in base64"),
    "country": N_("Country"), "cron": N_("Times"), "currency": N_("Currency"), "current": N_("Current password"),
    "date": N_("Date"), "date_due": N_("Due date"), "days": N_("Days"), "delimiter": N_("Separator"),
    "deposit": N_("Deposit"), "description": N_("Description"), "discount": N_("Discount"),
    "document": N_("Document"), "document_date": N_("Document date"), "document_id": N_("Document"),
    "document_ref": N_("Number"), "duration": N_("Duration"),
    "email": N_("E-mail"), "endpoint_id": N_("Electronic address"), "expires_in": N_("Decide within"),
    "external_id": N_("Your own reference"), "file": N_("File"), "filters": N_("Only when"),
    "first_name": N_("First name"), "format": N_("Format"), "headers": N_("Headers"), "iban": N_("IBAN"),
    "id": N_("Id"), "id_column": N_("Column of the step's id"), "if_exists": N_("If it exists"),
    "in_reply_to": N_("In reply to"), "include_tax": N_("Prices include tax"), "input": N_("Input"),
    "invitation": N_("Invitation"), "invoice_footer": N_("Text at the foot of every document"),
    "invoice_id": N_("Invoice"), "invoice_ids": N_("Invoices"), "issue": N_("Issue it at once"),
    "item_code": N_("Product"), "items": N_("Items"), "kind": N_("Kind"), "last_name": N_("Last name"),
    "legal_name": N_("Legal name"), "limit": N_("At most"), "lines": N_("Lines"), "links": N_("Links"),
    "locale": N_("Language"), "logo": N_("Logo"), "message": N_("Message"), "method": N_("Method"), "name": N_("Name"),
    "needs_response": N_("Needs an answer"), "not": N_("Not"), "note": N_("Note"),
    "notify": N_("Mail these when it fails"),
    "number": N_("Number"), "op": N_("Comparison"), "opens": N_("From"), "operation": N_("Operation"),
    "origin": N_("Origin"), "password": N_("Password"), "pay_term": N_("Payment term"), "payment_id": N_("Payment"),
    "payment_method": N_("Payment method"), "phone": N_("Phone"), "pinned": N_("Pinned"),
    "postal_code": N_("Postal code"), "product": N_("Product"), "product_id": N_("Product"), "quantity": N_("Quantity"),
    "query": N_("Search words"), "reason": N_("Reason"), "reference": N_("Reference"),
    "reg_number": N_("Registration number"), "region": N_("Region"), "reply_to": N_("Answers go to"),
    "resolution": N_("Outcome"), "role": N_("Role"), "sale_id": N_("Document"), "sale_ids": N_("Documents"),
    "sale_type": N_("Kind of document"), "schedule": N_("Pauses"), "scopes": N_("What it may do"),
    "send_window": N_("Send window"), "sender_name": N_("Sender's name"),
    "sheet": N_("Sheet"), "shipping_address": N_("Shipping address"), "shipping_charge": N_("Shipping charge"),
    "shipping_type": N_("Kind of shipping"), "since": N_("Since"), "sms_sender": N_("Sender of SMS"),
    "status": N_("Status"), "steps": N_("Steps"), "street": N_("Street"), "subject": N_("Subject"),
    "supplier": N_("Supplier"), "target_url": N_("Address"), "tax_basis": N_("Tax basis"),
    "tax_category": N_("Tax category"), "tax_rate": N_("Tax %"), "template": N_("Template"), "text": N_("Text"),
    "time_zone": N_("Time zone"), "timeout_seconds": N_("Seconds to wait"), "to": N_("To"), "trigger": N_("Event"),
    "triggers": N_("Events"), "type": N_("Kind"), "unit": N_("Unit"), "unit_price": N_("Price"), "until": N_("Until"),
    "url": N_("Address"), "username": N_("User name"), "value": N_("Value"), "values": N_("Values"),
    "vat_number": N_("VAT number"), "website": N_("Website"), "weekdays": N_("Days of the week"), "where": N_("Field"),
    "occurred_at": N_("Time"), "notification": N_("Message"), "cause": N_("Reason"), "from_collector": N_("From"),
    "to_collector": N_("To"),
}  # fmt: skip

_WORDS: Final = re.compile(r"[_.]+")
_LAST: Final = re.compile(r"([A-Za-z_]+)(?:\[\d+\]|\.\d+)*$")
_LINE: Final = re.compile(r"(?:lines|items)\[(\d+)\]")


def name_of(field: str) -> str:
    """The name of one field, not yet translated; itself in words where it has none."""
    return NAMES.get(field) or _WORDS.sub(" ", field).capitalize()


def name_of_path(path: str) -> str:
    """The name of the field that a path of the API leads to, not yet translated; empty for the whole."""
    found = _LAST.search(path)
    return name_of(found[1]) if found else ""


def line_of_path(path: str) -> int | None:
    """Which line of a document, counted from 1, a path is in."""
    found = _LINE.search(path)
    return int(found[1]) + 1 if found else None
