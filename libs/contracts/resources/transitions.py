"""What is sent to move a document or payment that is there: the bodies of the API's verbs and the commands' data.

A command's data is the verb's body beside the id of the thing; for `update_sale` and the like, only what was sent.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from contracts.primitives.money import PositiveMoneyText
from contracts.resources.document_kinds import KINDS, SaleType
from contracts.resources.schemas import AllocationIn, Email, LongText, Model, Reference, SalePatch, ShortText

ALLOCATIONS_MAX = 1_000
CONVERTIBLE_TO: Final = tuple(sorted({to for kind in KINDS.values() for to in kind.converts_to}))


class ReasonIn(Model):
    """Why, if somebody wants to know later; it is kept with the document until its next move."""

    reason: ShortText | None = None


class DatedReasonIn(ReasonIn):
    """Why, and on which day it counts in the books; today when left out."""

    date: dt.date | None = None


class SendIn(Model):
    """How a document goes to its client: to the client's own address when left out."""

    to: Email | None = None
    subject: ShortText | None = None
    body: LongText | None = None


class ConvertIn(Model):
    """What a quote, order or proforma becomes; without `to`, the next in line: order, then invoice."""

    to: SaleType | None = Field(default=None, json_schema_extra={"enum": [*CONVERTIBLE_TO, None]})
    document_date: dt.date | None = None
    date_due: dt.date | None = None
    external_id: Reference | None = None
    issue: bool = False

    @field_validator("to")
    @classmethod
    def _is_made_of_another(cls, to: SaleType | None) -> SaleType | None:
        if to is not None and to not in CONVERTIBLE_TO:
            raise ValueError(f"must be one of {', '.join(CONVERTIBLE_TO)}: nothing becomes a {to}")
        return to


class AllocateIn(Model):
    """Which invoices are settled, and by how much each; or the client's open ones, the longest due first."""

    allocations: list[AllocationIn] | None = Field(default=None, min_length=1, max_length=ALLOCATIONS_MAX)
    oldest_first: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.allocations is None) != self.oldest_first:
            raise ValueError("needs either allocations or oldest_first: true, and not both")
        return self


class UnallocateIn(Model):
    """From which invoices all of it is taken off again; from every one when left out."""

    sale_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=ALLOCATIONS_MAX)


class RefundIn(Model):
    """How much is given back, all that is unapplied when left out; `date` is today when left out."""

    amount: PositiveMoneyText | None = None
    date: dt.date | None = None
    reference: ShortText | None = None


class UnrefundIn(Model):
    """Which refund did not take place after all."""

    refund_id: UUID
    date: dt.date | None = None


class ConfirmIn(Model):
    """A pending payment came in: when, and what it settles."""

    date: dt.date | None = None
    allocations: list[AllocationIn] = Field(default_factory=list, max_length=ALLOCATIONS_MAX)


class ByIdInput(Model):
    """The document or payment that a command is about."""

    id: UUID


class TransitionInput(ByIdInput, ReasonIn):
    """Move one to another state."""


class DatedTransitionInput(ByIdInput, DatedReasonIn):
    """Move one to another state as of a day."""


class UpdateSale(ByIdInput, SalePatch):
    """Change a draft: only the fields that were sent stand here."""


class SendSale(ByIdInput, SendIn):
    """Send a document."""


class ConvertSale(ByIdInput, ConvertIn):
    """Make the next document of one."""


class Allocate(ByIdInput, AllocateIn):
    """Settle invoices with a payment or credit note."""


class Unallocate(ByIdInput, UnallocateIn):
    """Take a payment or credit note off invoices."""


class Refund(ByIdInput, RefundIn):
    """Give back of a payment or credit note."""


class Unrefund(ByIdInput, UnrefundIn):
    """Take a refund back."""


class ConfirmPayment(ByIdInput, ConfirmIn):
    """Let a pending payment into the books."""
