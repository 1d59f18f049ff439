"""Make a note's and a dispute's JSON from their views' rows: what a command's result and an event give."""

from __future__ import annotations

from typing import Any

from contracts.resources.output import Row, client_named


def note(row: Row) -> dict[str, Any]:
    """A note, from `ledger_api.note`."""
    return {
        "id": str(row["id"]),
        **client_named(row),
        "sale_id": None if row["sale_id"] is None else str(row["sale_id"]),
        **{name: row[name] for name in ("kind", "body", "pinned", "needs_response")},
        "resolved_at": None if row["resolved_at"] is None else row["resolved_at"].isoformat(),
        "origin": row["origin"],
        "created_at": row["created_at"].isoformat(),
    }


def dispute(row: Row) -> dict[str, Any]:
    """A dispute, from `ledger_api.dispute`; `number` is its invoice's."""
    return {
        "id": str(row["id"]),
        "sale_id": str(row["sale_id"]),
        **client_named(row),
        **{name: row[name] for name in ("number", "reason", "state", "resolution")},
        "created_at": row["created_at"].isoformat(),
        "resolved_at": None if row["resolved_at"] is None else row["resolved_at"].isoformat(),
    }
