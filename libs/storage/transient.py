"""Classify infrastructure errors: transient (try again later) or a bug (dead-letter and show)."""

from __future__ import annotations

import asyncpg

_TRANSIENT = (
    OSError,  # connection refused, reset, timed out (TimeoutError is an OSError)
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # "connection is closed", "pool is closing"
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
)

# asyncpg's words for a statement on a connection whose end by the server it has read and not yet handled.
_ENDED_BY_THE_SERVER = "cannot switch to state"


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anybody mending anything."""
    if isinstance(error, asyncpg.InternalClientError):
        return str(error).startswith(_ENDED_BY_THE_SERVER)
    return isinstance(error, _TRANSIENT)
