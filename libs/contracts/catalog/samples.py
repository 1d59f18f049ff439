"""Samples of objects that no resource module has yet, complete in every field, as `GET` of each gives it."""

from __future__ import annotations

from typing import Final

from contracts.resources import client, sale
from contracts.resources.output import JSONObject

COLLECTOR: Final[JSONObject] = {"id": "0198f7c4-3f00-7d70-8ab7-6c8d9e0f1a2b", "name": "Friendly reminders"}
LAST_COLLECTOR: Final[JSONObject] = {"id": "0198f7c4-3f10-7e80-9bc8-7d9e0f1a2b3c", "name": "Debt collection"}
WHO: Final[JSONObject] = {name: client.SAMPLE[name] for name in ("id", "name", "email")}
"""A client in short, inside other objects."""


MOVE: Final[JSONObject] = {
    "id": "0198f7c4-9a00-7bb0-8efb-0a2b3c4d5e6f",
    "cause": "workflow",
    "from_collector": COLLECTOR,
    "to_collector": LAST_COLLECTOR,
    "client": WHO,
    "invoices": [
        {
            "id": sale.SAMPLE_ID,
            "number": "INV-2026-000042",
            "date_due": "2026-03-16",
            "currency": "EUR",
            "total": "165.01",
            "amount_due": "165.01",
        }
    ],
    "moved_by": None,
    "moved_at": "2026-04-16T08:00:00+00:00",
}


CALL: Final[JSONObject] = {
    "id": "0198f7c4-cd00-7ee0-9b2e-3d5e6f7a8b9c",
    "client_id": client.SAMPLE["id"],
    "client": WHO,
    "outcome": "promised",
    "note": "Will pay at the end of the month.",
    "snooze_until": "2026-04-01",
    "state": "done",
    "author": {"kind": "person", "name": "Ieva Kalniņa"},
    "created_at": "2026-03-24T13:00:00+00:00",
}
