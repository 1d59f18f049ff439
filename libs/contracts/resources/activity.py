"""What happened between an account and its clients: messages, notes, calls, disputes, promises and moves by time."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from contracts.primitives.money import from_minor
from contracts.resources.note import Origin
from contracts.resources.output import JSONObject, ResponseModel, Row, text

ActivityKind = Literal["message", "note", "call", "dispute", "promise", "move"]


class Activity(ResponseModel):
    """One thing that happened; `id` is that of the object of this `kind`, `detail` the main facts of it."""

    id: UUID
    kind: ActivityKind
    client_id: UUID | None
    at: dt.datetime
    origin: Origin
    detail: dict[str, Any]


def from_row(row: Row) -> JSONObject:
    """An activity, from `ledger_api.activity`."""
    detail: JSONObject = dict(row["detail"])
    if row["kind"] == "promise":
        detail["amount"] = from_minor(detail.pop("amount_minor"), detail["currency"])
    return {
        "id": str(row["id"]),
        "kind": row["kind"],
        "client_id": text(row["client_id"]),
        "at": row["at"].isoformat(),
        "origin": row["origin"],
        "detail": detail,
    }
