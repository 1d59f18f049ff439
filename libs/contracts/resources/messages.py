"""What is said of a message to a client: what became of handing it over."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from contracts.resources.schemas import Model

MessageState = Literal["requested", "sent", "failed", "cancelled", "received"]
"""`requested` until a provider has it: only that makes it `sent`."""


class ConfirmMessage(Model):
    """What became of a hand-over, as the executor tells it. `sender` is the address that it went from."""

    message_id: UUID
    outcome: Literal["sent", "failed"]
    provider_message_id: str | None = None
    detail: str | None = None
    sender: str | None = None
