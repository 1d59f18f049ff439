"""The bus over Postgres: leases, in-process waking and a sweep; no server but the database."""

from messaging.postgres.bus import PostgresBus, open_bus
from messaging.wakeups import Wakeups

__all__ = ["PostgresBus", "Wakeups", "open_bus"]
