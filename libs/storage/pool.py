"""Open a pool whose connections use one service's role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

STATEMENT_TIMEOUT_SECONDS = 30.0
IDLE_IN_TRANSACTION_SECONDS = 30


def _encode_jsonb(value: Any) -> bytes:
    # The first byte is jsonb's binary format version.
    return b"\x01" + orjson.dumps(value)


def _decode_jsonb(value: bytes) -> Any:
    return orjson.loads(memoryview(value)[1:])


async def register_codecs(conn: Connection) -> None:
    """Register a connection's codecs: jsonb is Python values by orjson, uuid is `uuid.UUID`."""
    await conn.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )
    await conn.set_type_codec("uuid", encoder=_encode_uuid, decoder=_decode_uuid, schema="pg_catalog", format="binary")


def _encode_uuid(value: UUID) -> bytes:
    return value.bytes


def _decode_uuid(value: bytes) -> UUID:
    # asyncpg's own UUID class is faster to make but pydantic and orjson want the standard one.
    return UUID(bytes=bytes(value))


INDEX_SCAN_SETTINGS: Final[Mapping[str, str]] = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Server settings for a service whose every statement finds few rows by key.

A plan made while a table was small reads all of it, and is kept while the table grows: up to a minute, until the next
analysis. These leave the planner the indexes alone.
"""


class PooledConnection(asyncpg.Connection):
    """A connection that goes back to its pool without a round trip.

    asyncpg resets session state on each release: locks, cursors, LISTEN, settings. No code here sets any outside of a
    transaction (`tests/architecture` checks that), and an open transaction is rolled back anyway.
    """

    def get_reset_query(self) -> str:
        """Return the statements to run on release: none."""
        return ""


async def open_pool(
    dsn: str,
    *,
    role: str,
    name: str,
    size_min: int = 1,
    size_max: int = 8,
    server_settings: Mapping[str, str] | None = None,
) -> Pool:
    """Open a pool on `dsn` whose connections act as `role` and show as `name` in `pg_stat_activity`.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses; a transient error at start-up.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=size_min,
        max_size=size_max,
        init=register_codecs,
        connection_class=PooledConnection,
        command_timeout=STATEMENT_TIMEOUT_SECONDS,
        max_inactive_connection_lifetime=300,
        server_settings={
            "role": role,
            "application_name": f"ledgerwire-{name}",
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
            "jit": "off",
            **(server_settings or {}),
        },
    )
