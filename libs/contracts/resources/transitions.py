"""Inputs that change an existing document or payment: request bodies and command data.

A command's data is the request's body beside the resource's id; for `update_sale` and the like, only the fields that
were sent.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, field_validator, model_validator

from contracts.primitives.money import PositiveMoneyText
from contracts.resources.document_kinds import KINDS, SaleType
from contracts.resources.json_rules import given
from contracts.resources.sale import SalePatch
from contracts.resources.schemas import Email, LongText, Model, Reference, ShortText
from contracts.resources.settlement import AllocationIn

ALLOCATIONS_MAX = 1_000
CONVERTIBLE_TO: Final = tuple(sorted({to for kind in KINDS.values() for to in kind.converts_to}))


class ReasonIn(Model):
    """The reason; it is stored with the document until its next transition."""

    reason: ShortText | None = None


class DatedReasonIn(ReasonIn):
    """The reason, and the posting date; today when left out."""

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


_OLDEST_FIRST: Final[dict[str, JsonValue]] = {
    "required": ["oldest_first"], "properties": {"oldest_first": {"const": True}},
}  # fmt: skip


class AllocateIn(Model):
    """The invoices to settle, and by how much each; or the client's open ones, the longest due first."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [given("allocations"), _OLDEST_FIRST]})

    allocations: list[AllocationIn] | None = Field(default=None, min_length=1, max_length=ALLOCATIONS_MAX)
    oldest_first: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.allocations is None) != self.oldest_first:
            raise ValueError("needs either allocations or oldest_first: true, and not both")
        return self


class UnallocateIn(Model):
    """The invoices whose allocations are removed; all when left out."""

    sale_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=ALLOCATIONS_MAX)


class RefundIn(Model):
    """The amount to refund, all that is unapplied when left out; `date` is today when left out."""

    amount: PositiveMoneyText | None = None
    date: dt.date | None = None
    reference: ShortText | None = None


class UnrefundIn(Model):
    """The refund to cancel."""

    refund_id: UUID
    date: dt.date | None = None


class ConfirmIn(Model):
    """A pending payment came in: when, and what it settles."""

    date: dt.date | None = None
    allocations: list[AllocationIn] = Field(default_factory=list, max_length=ALLOCATIONS_MAX)


class ByIdInput(Model):
    """A document or payment by its id."""

    id: UUID


class TransitionInput(ByIdInput, ReasonIn):
    """Move one to another state."""


class DatedTransitionInput(ByIdInput, DatedReasonIn):
    """Move one to another state as of a day."""


class UpdateSale(ByIdInput, SalePatch):
    """Change a draft; it has only the fields that were sent."""


class SendSale(ByIdInput, SendIn):
    """Send a document."""


class ConvertSale(ByIdInput, ConvertIn):
    """Make the next document of one."""


class Allocate(ByIdInput, AllocateIn):
    """Settle invoices with a payment or credit note."""


class Unallocate(ByIdInput, UnallocateIn):
    """Remove allocations of a payment or credit note."""


class Refund(ByIdInput, RefundIn):
    """Refund a payment or credit note."""


class Unrefund(ByIdInput, UnrefundIn):
    """Cancel a refund."""


class ConfirmPayment(ByIdInput, ConfirmIn):
    """Confirm and post a pending payment."""
