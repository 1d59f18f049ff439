"""What actions may use."""

from __future__ import annotations

from dataclasses import dataclass

from action_executor.connections.repository import ConnectionRepository
from action_executor.http_client import OutboundHttpClient
from contracts.urls import PublicUrls
from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class StepContext:
    """The HTTP client, what other services publish, credentials, where replies go, and the public URLs."""

    http_client: OutboundHttpClient
    pool: Pool
    connections: ConnectionRepository
    reply_to: str
    urls: PublicUrls
