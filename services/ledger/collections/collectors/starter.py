"""The collectors that every account starts with: reminders, and the final notice that they end in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.primitives.ids import derive_id
from contracts.resources.collector import CollectorStepIn
from ledger.collections.collectors import default_texts
from ledger.collections.collectors.models import Collector


def starter_collectors(account_id: UUID, *, now: datetime) -> list[Collector]:
    """The two of them; their ids follow from the account's, so that they are made once."""
    final_id = derive_id(account_id, "collector:final-notice")
    reminders = [
        _mail("before_due", "P3D", default_texts.FRIENDLY),
        _mail("after_due", "P3D", default_texts.FIRST),
        _mail("after_due", "P10D", default_texts.SECOND),
        _mail("after_due", "P20D", default_texts.THIRD),
        {"channel": "call", "anchor": "after_due", "delay": "P25D", "automatic": False},
        {
            "channel": "move",
            "anchor": "after_due",
            "delay": "P35D",
            "automatic": False,
            "target_collector_id": final_id,
            "notify": {"to": [], **default_texts.MOVED},
        },
    ]
    final = [
        _mail("after_previous", "P0D", default_texts.FINAL),
        {"channel": "call", "anchor": "after_previous", "delay": "P10D", "automatic": False},
    ]
    reminders_id = derive_id(account_id, "collector:reminders")
    return [
        _collector(account_id, reminders_id, "Reminders", reminders, now=now, is_default=True),
        _collector(account_id, final_id, "Final notice", final, now=now, is_default=False),
    ]


def _collector(
    account_id: UUID, collector_id: UUID, name: str, steps: list[dict[str, Any]], *, now: datetime, is_default: bool
) -> Collector:
    return Collector(
        account_id=account_id,
        id=collector_id,
        name=name,
        kind="client",
        is_default=is_default,
        version=1,
        steps=[CollectorStepIn.model_validate(step).model_dump(mode="json") for step in steps],
        replaced_by=None,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )


def _mail(anchor: str, delay: str, template: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {"channel": "email", "anchor": anchor, "delay": delay, "template": template, "attach_pdf": True}
