"""Promises to pay: input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.primitives.money import PositiveMoneyText, from_minor
from contracts.resources import client, sale
from contracts.resources.client import ClientReference
from contracts.resources.output import JSONObject, ResponseModel, Row, time_text
from contracts.resources.schemas import WithCurrency

PromiseState = Literal["open", "kept", "broken", "cancelled"]
SALES_MAX: Final = 200  # the open invoices of one client that one conversation is about


class PromiseIn(WithCurrency):
    """The amount that a client promises to pay until the end of a day, in the account's time zone.

    Without `amount` it is all that is open of `sale_ids`, or of all invoices of the client in `currency`, which is the
    client's own when left out.
    """

    client_id: UUID
    date: dt.date
    amount: PositiveMoneyText | None = None
    sale_ids: list[UUID] = Field(default_factory=list, max_length=SALES_MAX)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.sale_ids)) < len(self.sale_ids):
            raise ValueError("sale_ids names an invoice twice: name each once")
        return self


class Promise(ResponseModel):
    """A promise to pay. It is `kept` once that much is paid, and `broken` when its day is over without that."""

    id: UUID
    client_id: UUID
    client: ClientReference
    date: dt.date
    amount: str
    currency: str
    sale_ids: list[UUID]
    state: PromiseState
    created_at: dt.datetime
    ended_at: dt.datetime | None


def from_row(row: Row) -> JSONObject:
    """A promise, from `ledger_api.promise`."""
    return {
        "id": str(row["id"]),
        **client.reference(row),
        "date": row["date"].isoformat(),
        "amount": from_minor(row["amount_minor"], row["currency"]),
        "currency": row["currency"],
        "sale_ids": [str(sale_id) for sale_id in row["sale_ids"]],
        "state": row["state"],
        "created_at": row["created_at"].isoformat(),
        "ended_at": time_text(row["ended_at"]),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-bc00-7dd0-8a1d-2c4d5e6f7a8b",
    "client_id": client.SAMPLE["id"],
    "client": client.REFERENCE_SAMPLE,
    "date": "2026-03-31",
    "amount": "165.01",
    "currency": "EUR",
    "sale_ids": [sale.SAMPLE_ID],
    "state": "open",
    "created_at": "2026-03-24T13:00:00+00:00",
    "ended_at": None,
}
