"""The one place that tells weather (try again later) from bugs (park and show) among infrastructure errors."""

from __future__ import annotations

import asyncpg

_WEATHER = (
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


def is_weather(error: BaseException) -> bool:
    """Whether the same work may succeed later without anybody mending anything."""
    return isinstance(error, _WEATHER) and not isinstance(error, asyncpg.InternalClientError)
