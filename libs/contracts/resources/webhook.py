"""Webhooks received by a channel: the receipt, and a sample of the event."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from contracts.resources.output import JSONObject, ResponseModel


class WebhookReceipt(ResponseModel):
    """The event that was fired."""

    event_id: UUID


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-de00-7ff0-8c3f-4e6f7a8b9c0d",
    "channel": {"id": "0198f7c4-0f10-7a00-9d40-5f7a8b9c0d1e", "kind": "hook", "name": "Web shop"},
    "received_at": "2026-03-02T09:30:00+00:00",
    "content_type": "application/json",
    "body": {"order": "9001", "total": "165.01"},
}
