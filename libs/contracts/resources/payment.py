"""Payments: input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator, model_validator

from contracts.primitives.money import PositiveMoneyText, from_minor
from contracts.resources import client, sale
from contracts.resources.client import ClientReference
from contracts.resources.json_rules import only, where
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.schemas import Model, PaymentMethod, Reference, ShortText, known_currency
from contracts.resources.settlement import Allocation, AllocationIn, Refund, allocations, refunds


class PaymentIn(Model):
    """Money that came in; what is not allocated stays unapplied on the client.

    A `pending` payment is announced: it is not posted before it is confirmed, and settles nothing.
    """

    model_config = ConfigDict(json_schema_extra=where("status", ["pending"], only(allocations=[[]])))

    client_id: UUID
    status: Literal["pending", "confirmed"] = "confirmed"
    amount: PositiveMoneyText
    currency: str
    date: dt.date | None = None
    method: PaymentMethod = "not_defined"
    reference: ShortText | None = None
    allocations: list[AllocationIn] = Field(default_factory=list, max_length=1_000)
    external_id: Reference | None = None

    _check = field_validator("currency")(known_currency)

    @model_validator(mode="after")
    def _settles_when_it_came(self) -> Self:
        if self.status == "pending" and self.allocations:
            raise ValueError("a pending payment settles nothing yet: name allocations when it is confirmed")
        return self


PaymentStatus = Literal["pending", "confirmed", "failed", "reversed"]


class Payment(ResponseModel):
    """Money that came in; `unapplied` is what settles nothing yet."""

    id: UUID
    client_id: UUID
    client: ClientReference
    status: PaymentStatus
    amount: str
    unapplied: str
    currency: str
    date: dt.date
    method: PaymentMethod
    reference: str | None
    allocations: list[Allocation]
    refunds: list[Refund]
    receipt_id: UUID | None
    status_reason: str | None
    external_id: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


def from_row(row: Row) -> dict[str, Any]:
    """A payment, from `ledger_api.payment`; `allocations` and `refunds` are those in force.

    `client` is {id, name, email, external_id}, as the client is now.
    """
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        "client_id": str(row["client_id"]),
        "client": row["client"],
        "status": row["status"],
        "amount": from_minor(row["amount_minor"], currency),
        "unapplied": from_minor(row["unapplied_minor"], currency),
        "currency": currency,
        "date": text(row["date"]),
        "method": row["method"],
        "reference": row["reference"],
        "allocations": allocations(row, currency),
        "refunds": refunds(row, currency),
        "receipt_id": text(row["receipt_id"]),
        "status_reason": row["status_reason"],
        "external_id": row["external_id"],
        "created_at": time_text(row["created_at"]),
        "updated_at": time_text(row["updated_at"]),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-6d00-7a40-9d84-3f5a6b7c8d9e",
    "client_id": client.SAMPLE["id"],
    "client": {name: client.SAMPLE[name] for name in ("id", "name", "email", "external_id")},
    "status": "confirmed",
    "amount": "165.01",
    "unapplied": "0.00",
    "currency": "EUR",
    "date": "2026-03-10",
    "method": "bank",
    "reference": "INV-2026-000042",
    "allocations": [{"sale_id": sale.SAMPLE_ID, "amount": "165.01"}],
    "refunds": [],
    "receipt_id": None,
    "status_reason": None,
    "external_id": "bank-5521",
    "created_at": "2026-03-10T07:15:00+00:00",
    "updated_at": "2026-03-10T07:15:00+00:00",
}
