"""What actions may use."""

from __future__ import annotations

from dataclasses import dataclass

from action_executor.connections.repository import ConnectionRepository
from action_executor.http_client import OutboundHttpClient
from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class StepContext:
    """The way out, what others publish, what lets us in elsewhere, and where replies to this process go."""

    http_client: OutboundHttpClient
    pool: Pool
    connections: ConnectionRepository
    reply_to: str
