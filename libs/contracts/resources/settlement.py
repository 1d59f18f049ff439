"""Allocations and refunds: what a payment or credit note settles, and how much of it is refunded."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from contracts.primitives.money import PositiveMoneyText, from_minor
from contracts.resources.output import ResponseModel, Row
from contracts.resources.schemas import Model


class AllocationIn(Model):
    """How much of a payment settles one sale."""

    sale_id: UUID
    amount: PositiveMoneyText


Settlement = Literal["unpaid", "partial", "paid"]


class Allocation(ResponseModel):
    """How much of a payment or credit note settles one sale."""

    sale_id: UUID
    amount: str


class Refund(ResponseModel):
    """How much of a payment or credit note was refunded, and when."""

    id: UUID
    amount: str
    date: dt.date
    reference: str | None


def allocations(row: Row, currency: str) -> list[dict[str, str]]:
    """The allocations of a payment or credit note, from the column of its view."""
    return [
        {"sale_id": allocation["sale_id"], "amount": from_minor(allocation["amount_minor"], currency)}
        for allocation in row["allocations"]
    ]


def refunds(row: Row, currency: str) -> list[dict[str, str | None]]:
    """The refunds of a payment or credit note, from the column of its view."""
    return [
        {
            "id": refund["id"],
            "amount": from_minor(refund["amount_minor"], currency),
            "date": refund["date"],
            "reference": refund["reference"],
        }
        for refund in row["refunds"]
    ]
