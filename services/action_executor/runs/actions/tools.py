"""What actions may use."""

from __future__ import annotations

from dataclasses import dataclass

from action_executor.connections.book import ConnectionBook
from action_executor.outward import Outward
from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class Tools:
    """The way out, what others publish, what lets us in elsewhere, and where replies to this process go."""

    outward: Outward
    pool: Pool
    connections: ConnectionBook
    reply_to: str
