"""Open the connection that a step names, each time anew: one that was taken away lets nobody in any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from action_executor.connections import store
from chassis.sealing import CannotOpen, Sealer
from contracts.connections import ConnectionIn, ConnectionKind
from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class Opened:
    """What lets us in, for one call."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shut:
    """It cannot be used, and why."""

    reason: str


class ConnectionBook:
    """The connections of all accounts."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool, self._sealer = pool, sealer

    async def open(self, *, account_id: UUID, connection_id: UUID, kind: ConnectionKind) -> Opened | Shut:
        """Open an account's connection of a kind.

        Raises:
            OSError, asyncpg.PostgresError: the look-up failed; weather.
        """
        row = await store.find_sealed(self._pool, account_id=account_id, connection_id=connection_id)
        if row is None:
            return Shut(f"there is no connection {connection_id}")
        if row["sealed"] is None:
            return Shut(f"the connection {connection_id} was deleted: name another one in the step")
        if row["kind"] != kind:
            return Shut(
                f"the connection {connection_id} is of kind {row['kind']}, this action takes one of kind {kind}"
            )
        try:
            made = ConnectionIn.model_validate_json(self._sealer.open(row["sealed"]))
        except CannotOpen as error:
            return Shut(f"the connection {connection_id} cannot be opened: {error}")
        return Opened(made.url, made.headers)
