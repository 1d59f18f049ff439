"""Samples of objects that no resource module has yet, complete in every field, as `GET` of each gives it."""

from __future__ import annotations

from typing import Final

from contracts.resources import client
from contracts.resources.output import JSONObject

WHO: Final[JSONObject] = {name: client.SAMPLE[name] for name in ("id", "name", "email")}
"""A client in short, inside other objects."""


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
