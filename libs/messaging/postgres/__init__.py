"""The bus over Postgres: leases, waking in the process or by NOTIFY, and a sweep; no server but the database."""

from messaging.local_notifier import LocalNotifier
from messaging.postgres.bus import PostgresBus, open_bus

__all__ = ["LocalNotifier", "PostgresBus", "open_bus"]
