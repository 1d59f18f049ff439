"""Open a pool whose connections use one service's role."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

STATEMENT_TIMEOUT_SECONDS: Final = 12.0
CANCEL_SECONDS_MAX: Final = 2.0
CONNECT_SECONDS_MAX: Final = 10.0
IDLE_IN_TRANSACTION_SECONDS = 30

LOST_CLIENT_SETTINGS: Final[Mapping[str, str]] = {
    "tcp_keepalives_idle": "5",  # seconds, as the next
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "15000",  # milliseconds
}
"""Server settings that end the session of a machine that is gone, and so its locks, after about 15 s."""


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

    is_lost = False
    """Whether it was ended because the server did not acknowledge a cancellation: the way to it is dead."""

    def _cancel_current_command(
        self, waiter: asyncio.Future[None], cancel_waiter: asyncio.Future[None] | None = None
    ) -> None:
        # asyncpg waits for the acknowledgement as long as for a statement. A server answers at once; a half-open
        # session, whose other side is gone without a word, never does, and its place in the pool is held meanwhile.
        super()._cancel_current_command(waiter, cancel_waiter)  # type: ignore[misc]  # not in asyncpg-stubs
        if cancel_waiter is not None:
            asyncio.get_running_loop().call_later(CANCEL_SECONDS_MAX, self._end_unless, cancel_waiter)

    def _end_unless(self, acknowledged: asyncio.Future[None]) -> None:
        if not acknowledged.done() and not self.is_closed():
            self.is_lost = True
            self.terminate()


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

    A half-open session is found by the first statement on it, within `STATEMENT_TIMEOUT_SECONDS` and
    `CANCEL_SECONDS_MAX`; all others of the pool are then replaced before their next use.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses; a transient error at start-up.
    """

    async def prepare(conn: Connection) -> None:
        async def replace_others(_: Connection) -> None:
            if getattr(conn, "is_lost", False):
                await pool.expire_connections()

        await register_codecs(conn)
        conn.add_termination_listener(replace_others)

    pool: Pool = await asyncpg.create_pool(
        dsn,
        min_size=size_min,
        max_size=size_max,
        init=prepare,
        timeout=CONNECT_SECONDS_MAX,
        connection_class=PooledConnection,
        command_timeout=STATEMENT_TIMEOUT_SECONDS,
        max_inactive_connection_lifetime=300,
        server_settings={
            "role": role,
            "application_name": f"ledgerwire-{name}",
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
            "jit": "off",
            **LOST_CLIENT_SETTINGS,
            **(server_settings or {}),
        },
    )
    return pool
