"""What inbox messages, rules and bills share: the kind of inbox, warnings, and who decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from contracts.resources.output import ResponseModel
from contracts.resources.schemas import Model, Reference

InboxKind = Literal["purchases", "sales"]

InboxFormat = Literal["paytraq", "ubl", "cii", "facturx", "estonian", "json", "file"]
"""The format of a message; `file` where nothing of it was read. The ledger's table has a check of the same list."""

WarningCode = Literal[
    # of the document as it was read: what was not read, missing or worked out
    "unknown_element", "text_ignored", "value_ignored", "text_cut", "currency_differs", "quantity_missing",
    "price_missing", "base_quantity_invalid", "item_missing", "several_taxes", "charge_indicator_missing",
    "amount_missing", "client_name_missing", "pay_term_incomplete", "attachment_ignored", "lines_missing",
    "line_ignored",
    # of its own amounts, which do not follow from one another
    "line_total_differs", "total_differs", "tax_differs", "gross_below_net", "gross_sign_differs", "payable_differs",
    "more_warnings",  # those beyond the bound
    "unread_file",
    "resembles",  # another message under the same supplier and reference
    "adapted",  # something of the document was left out of the draft or bill, or put elsewhere
    "totals_differ",  # the draft comes to other amounts than the document states
    "unknown_tax",  # a tax that the draft cannot have, and no stated totals confirm the draft's
    "not_issued",  # it was to be issued and stays a draft
    "not_accepted",  # a rule could not accept the message
    "auto_processing",  # flags of the message that were not followed
]  # fmt: skip


MessageWarning = Mapping[str, str]
"""A warning as `message_warning` makes it."""


def message_warning(code: WarningCode, path: str, message: str) -> MessageWarning:
    """Make a warning of an inbox message: its path, its code, and a sentence."""
    return {"path": path, "code": code, "message": message}


class Actor(Model):
    """Who decided: a caller's credentials (access_token, key_pair, ...) or a rule."""

    kind: Reference
    id: UUID
    name: str | None = None


class InboxWarning(ResponseModel):
    """A finding about an inbox message that needs a person: its path, its code, and a sentence."""

    path: str
    code: WarningCode
    message: str
