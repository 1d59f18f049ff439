"""Texts for the codes that the API answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console import event_texts
from console.document_kinds import KINDS
from console.i18n import N_

LABELS: Final[Mapping[str, str]] = {
    **{name: kind.label for name, kind in KINDS.items()},
    # states of documents
    "draft": N_("Draft"), "issued": N_("Issued"), "sent": N_("Sent"), "void": N_("Void"), "voided": N_("Void"),
    "accepted": N_("Accepted"), "declined": N_("Declined"), "expired": N_("Expired"), "closed": N_("Closed"),
    "cancelled": N_("Cancelled"), "converted": N_("Converted"), "written_off": N_("Written off"),
    "unpaid": N_("Unpaid"), "partial": N_("Partly paid"), "partly_paid": N_("Partly paid"), "paid": N_("Paid"),
    "overdue": N_("Overdue"), "invoiced": N_("Invoiced"), "partially_paid": N_("Partly paid"),
    "open": N_("Open"), "settled": N_("Settled"), "none": N_("None"), "refunded": N_("Refunded"),
    # payments
    "posted": N_("Posted"), "confirmed": N_("Confirmed"),
    "pending": N_("Pending"), "failed": N_("Failed"), "reversed": N_("Reversed"),
    "not_defined": N_("Not defined"), "bank": N_("Bank transfer"), "cash": N_("Cash"), "card": N_("Card"),
    "prepayment": N_("Prepayment"), "offsetting": N_("Offsetting"), "factoring": N_("Factoring"),
    # clients and products
    "company": N_("Company"), "person": N_("Person"), "product": N_("Product"), "service": N_("Service"),
    # inboxes and channels
    "received": N_("Received"), "rejected": N_("Rejected"), "new": N_("New"), "active": N_("Active"),
    "disabled": N_("Off"), "enabled": N_("On"), "direct": N_("Supplier documents"), "orders": N_("Orders"),
    "replies": N_("Replies"), "hook": N_("Any event"), "purchases": N_("Purchases"), "sales": N_("Sales"),
    # hooks, deliveries and runs
    "succeeded": N_("Succeeded"), "delivered": N_("Delivered"), "running": N_("Running"), "waiting": N_("Waiting"),
    "filtered": N_("Filtered out"), "skipped": N_("Skipped"), "healthy": N_("Healthy"), "failing": N_("Failing"),
    "dead": N_("Given up"), "gave_up": N_("Given up"), "scheduled": N_("Scheduled"), "gone": N_("Gone"),
    "stopped": N_("Stopped"), "queued": N_("Queued"), "retrying": N_("To be tried again"), "held": N_("Held"),
    # access
    "owner": N_("Owner"), "member": N_("Member"), "viewer": N_("Viewer"), "refused": N_("Refused"),
    "read": N_("Read"), "write": N_("Write"),
    "automate": N_("Automate"), "admin": N_("Administer"),
    # collections
    "email": N_("E-mail"), "sms": N_("SMS"), "note": N_("Note"), "call": N_("Call"), "dispute": N_("Dispute"),
    "resolved": N_("Resolved"), "requested": N_("Requested"), "move": N_("Move"), "promised": N_("Promised"),
    "disputed": N_("Disputed"), "awaiting_reply": N_("Awaiting an answer"), "paused": N_("Paused"),
    "muted": N_("Muted"), "idle": N_("Idle"), "kept": N_("Kept"), "broken": N_("Broken"),
    "no_answer": N_("No answer"), "left_message": N_("Left a message"), "spoke": N_("Spoke"),
    "wrong_number": N_("Wrong number"), "other": N_("Other"), "client": N_("Client"), "invoice": N_("Invoice"),
    "before_due": N_("Before the due date"), "after_due": N_("After the due date"),
    "after_previous": N_("After the step before"), "auto_reply": N_("Automatic reply"), "bounce": N_("Not delivered"),
    "complaint": N_("Reported as spam"), "credited": N_("Credited"),
    # reports
    "not_due": N_("Not due"), "days_1_30": N_("1 to 30 days"), "days_31_60": N_("31 to 60 days"),
    "days_61_90": N_("61 to 90 days"), "over_90": N_("Over 90 days"), "receivables": N_("Receivables"),
    "revenue": N_("Revenue"), "tax": N_("Tax"), "payment": N_("Payment"), "refund": N_("Refund"),
    # inbox formats and further states
    "paytraq": N_("PayTraq XML"), "ubl": N_("UBL"), "cii": N_("CII"), "facturx": N_("Factur-X"),
    "estonian": N_("Estonian e-invoice"), "json": N_("JSON"), "file": N_("File"), "duplicate": N_("Duplicate"),
    "recorded": N_("Recorded"), "in_flight": N_("Under way"), "removed": N_("Removed"), "chat": N_("Chat"),
    "http": N_("HTTP service"), "suppliers": N_("Suppliers"), "payments": N_("Payments"),
    # units of work
    "done": N_("Done"), "aborted": N_("Stopped"), "clients": N_("Clients"), "products": N_("Products"),
    "true": N_("Yes"), "false": N_("No"), "True": N_("Yes"), "False": N_("No"),
    # places and kinds of catalog
    "sample": N_("Sample"), "published": N_("Published"), "chat_message": N_("Chat message"), "sftp": N_("SFTP"),
    "s3": N_("S3"), "webdav": N_("WebDAV"), "folder": N_("Folder"), "google_sheets": N_("Google Sheets"),
    # services
    "ingress": N_("Reception"), "ledger": N_("Ledger"), "trigger_dispatcher": N_("Triggers"),
    "action_executor": N_("Actions"),
}  # fmt: skip

OPERATOR_TEXTS: Final[Mapping[str, str]] = {
    "eq": N_("equals"),
    "ne": N_("does not equal"),
    "gt": N_("is more than"),
    "gte": N_("is at least"),
    "lt": N_("is less than"),
    "lte": N_("is at most"),
    "contains": N_("contains"),
    "not_contains": N_("does not contain"),
    "starts_with": N_("begins with"),
    "ends_with": N_("ends with"),
    "in": N_("is one of"),
    "exists": N_("exists"),
}  # fmt: skip
"""The comparisons of a filter."""


def of(code: str) -> str:
    """The text of a code, itself in words where it has none."""
    for texts in (LABELS, event_texts.EVENTS, event_texts.COMMANDS, event_texts.JOURNEY_STEPS, event_texts.OPERATIONS):
        if code in texts:
            return texts[code]
    return code.replace("_", " ").replace(".", " ").capitalize()
