"""Disputes of invoices: input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from contracts.resources import client, sale
from contracts.resources.client import ClientReference
from contracts.resources.inbox import Actor
from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import LongText, Model


class DisputeIn(Model):
    """The disputed invoice, and why."""

    sale_id: UUID
    reason: LongText = Field(min_length=1)
    note: LongText | None = Field(default=None, min_length=1, description="details, for the note that is created")


class OpenDispute(DisputeIn):
    """The disputed invoice, and who says so."""

    author: Actor | None = None


class ResolveDisputeIn(Model):
    """How a dispute ended."""

    resolution: LongText | None = Field(default=None, description="such as accepted, credited, rejected")
    note: LongText | None = Field(default=None, min_length=1, description="recorded as a note on the client")


class ResolveDispute(ResolveDisputeIn):
    """The dispute to resolve, and how."""

    id: UUID


class EndDispute(ResolveDispute):
    """The dispute to resolve, and who does so."""

    author: Actor | None = None


class Dispute(ResponseModel):
    """An invoice that its client does not accept; `number` is the invoice's."""

    id: UUID
    sale_id: UUID
    client_id: UUID
    client: ClientReference
    number: str | None
    reason: str
    state: Literal["open", "resolved"]
    resolution: str | None
    created_at: dt.datetime
    resolved_at: dt.datetime | None


def from_row(row: Row) -> dict[str, Any]:
    """A dispute, from `ledger_api.dispute`; `number` is its invoice's."""
    return {
        "id": str(row["id"]),
        "sale_id": str(row["sale_id"]),
        **client.reference(row),
        **{name: row[name] for name in ("number", "reason", "state", "resolution")},
        "created_at": row["created_at"].isoformat(),
        "resolved_at": None if row["resolved_at"] is None else row["resolved_at"].isoformat(),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-ab00-7cc0-9f0c-1b3c4d5e6f7a",
    "sale_id": sale.SAMPLE_ID,
    "client_id": client.SAMPLE["id"],
    "client": client.REFERENCE_SAMPLE,
    "number": "INV-2026-000042",
    "reason": "The hours were agreed at a lower price.",
    "state": "open",
    "resolution": None,
    "created_at": "2026-03-20T09:00:00+00:00",
    "resolved_at": None,
}
