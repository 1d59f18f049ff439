"""Record outgoing messages in the caller's transaction: nothing is published that is not committed.

Each service's schema has `outbox(id uuid, queue text, body bytea, created_at timestamptz, PRIMARY KEY (id))`.
"""

from __future__ import annotations

from collections.abc import Sequence

from messaging.port import Outgoing
from storage.pool import Connection


async def record(conn: Connection, *, schema: str, messages: Sequence[Outgoing]) -> None:
    """Insert the messages with one statement; hand the same list to `Relay.push` after the commit.

    A message that is sent again under its id, as a replayed step does, may still be there from the first time.
    """
    if not messages:
        return
    await conn.execute(
        f"INSERT INTO {schema}.outbox (id, queue, body)"  # noqa: S608  the schema is a constant of the service
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])"
        " ON CONFLICT DO NOTHING",
        [message.id for message in messages],
        [message.queue for message in messages],
        [message.body for message in messages],
    )
