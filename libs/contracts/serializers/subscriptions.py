"""Make a hook's or an automation's JSON from a row of its view: what `GET` answers and what a command's answer carries.

Used by the dispatcher and by ingress, so that both say the same. A hook's secret is never part of it: the answers to
create and rotate add it.
"""

from __future__ import annotations

from typing import Any, Protocol


class Row(Protocol):
    """A view's row: an asyncpg record or a dict, jsonb already read."""

    def __getitem__(self, name: str, /) -> Any:
        """A column."""
        ...


def hook(row: Row) -> dict[str, Any]:
    """A hook, from `dispatch_api.hook`. `reason` says why it is not active, when that was not its owner's wish."""
    return {
        "id": str(row["id"]),
        "target_url": row["target_url"],
        "triggers": list(row["triggers"]),
        "filters": row["filters"],
        "ordered": row["ordered"],
        "name": row["name"],
        "state": row["state"],
        "reason": row["reason"],
        "created_by": row["created_by"],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


def automation(row: Row) -> dict[str, Any]:
    """An automation with its published version, from `dispatch_api.automation`."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "enabled": row["enabled"],
        "version": row["version"],
        "trigger": row["definition"]["trigger"],
        "steps": row["definition"]["steps"],
        "created_by": row["created_by"],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }
