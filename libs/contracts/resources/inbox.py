"""What callers send about inbox messages that are there: accepting, rejecting, and rules that accept by themselves.

A command's data is the verb's body beside the message's id and box, and `by`: who decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator, model_validator

from contracts.primitives.money import MoneyText, is_currency
from contracts.resources.document_kinds import SaleType
from contracts.resources.schemas import LongText, Model, Reference, ShortText

InboxKind = Literal["purchases", "sales"]

RULES_MAX: Final = 200
"""How many rules an account may have."""

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
    """A warning of an inbox message: where in it, which kind, and a sentence for people."""
    return {"path": path, "code": code, "message": message}


_DEPTH_MAX: Final = 32


def _check_depth(fields: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [fields]
    for _ in range(_DEPTH_MAX):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
        if not level:
            return fields
    raise ValueError(f"is nested more than {_DEPTH_MAX} levels deep")


DocumentFields = Annotated[dict[str, Any], AfterValidator(_check_depth)]
"""Fields of an inbox message's document, as it was pushed or as somebody mends it."""


class AcceptIn(Model):
    """Take a message into the books.

    `document` has the fields that are to stand instead of the message's own, or in addition: what a person reads in a
    file, or mends. A message that was flagged as another's duplicate, or whose bill is in the books already, is only
    taken when `despite_duplicate` says that this is known.
    """

    document: DocumentFields | None = None
    comment: LongText | None = None
    despite_duplicate: bool = False


class AcceptPurchaseIn(AcceptIn):
    """Record the supplier's bill: of the supplier named by id, else of the document's, found or made."""

    supplier_id: UUID | None = None


class AcceptSaleIn(AcceptIn):
    """Draft a sales document, or issue it: for the client named by id, else for the document's, found or made."""

    client_id: UUID | None = None
    sale_type: SaleType | None = None
    issue: bool = False


class RejectIn(Model):
    """Leave a message out of the books, and why."""

    reason: ShortText | None = None


class Actor(Model):
    """Who decided: a caller's credentials (access_token, key_pair, ...) or a rule."""

    kind: Reference
    id: UUID
    name: str | None = None


class AcceptMessage(AcceptSaleIn, AcceptPurchaseIn):
    """Take one message into the books."""

    id: UUID
    box: InboxKind
    by: Actor


class RejectMessage(RejectIn):
    """Leave one message out."""

    id: UUID
    box: InboxKind
    by: Actor


class ApplyRules(Model):
    """Look whether a rule accepts a message that has just come."""

    id: UUID


class RuleMatch(Model):
    """Whose messages a rule is for: all that is said must hold, names without regard to capitals and spaces.

    A name, number or address is what the sender says of himself; a channel's URL is what only he knows.
    """

    channel_id: Reference | None = None
    name: ShortText | None = None
    reg_number: Reference | None = None
    tax_number: Reference | None = None
    email: ShortText | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(value is not None for value in self.model_dump().values()):
            raise ValueError("needs a channel_id, name, reg_number, tax_number or email")
        return self


class RuleConditions(Model):
    """What must hold of a message besides: its total at most `max_amount` of `currency`, and nothing flagged on it."""

    max_amount: MoneyText | None = None
    currency: str | None = None
    no_warnings: bool = True

    @field_validator("currency")
    @classmethod
    def _known(cls, code: str | None) -> str | None:
        if code is not None and not is_currency(code):
            raise ValueError("is not an ISO 4217 currency code, e.g. EUR")
        return code


class InboxRuleIn(Model):
    """Accept a sender's messages as they come.

    In the sales inbox `issue` issues the document at once. `auto_processing` does what PayTraq Connect's flags of the
    message ask for and no more: accept it (Process), issue it (Approve), send it, record its payment. Without such a
    rule the flags do nothing.
    """

    box: InboxKind
    match: RuleMatch
    action: Literal["accept"] = "accept"
    conditions: RuleConditions = Field(default_factory=RuleConditions)
    issue: bool = False
    auto_processing: bool = False
    name: ShortText | None = None

    @model_validator(mode="after")
    def _drafts_are_sales(self) -> Self:
        if self.box == "purchases" and (self.issue or self.auto_processing):
            raise ValueError("issue and auto_processing can be used only with box sales")
        return self


class RuleById(Model):
    """A rule by its id."""

    id: UUID
