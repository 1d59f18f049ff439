"""Read and decrypt a step's connection, each time again: a deleted one must not be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from action_executor.connections import store
from chassis.encryption import DecryptionError, Encryptor
from contracts.resources.connection import ConnectionIn, ConnectionKind
from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class DecryptedConnection:
    """A connection's credentials, for one request."""

    url: str
    headers: Mapping[str, str]
    made: ConnectionIn


@dataclass(frozen=True, slots=True)
class UnusableConnection:
    """It cannot be used, and why."""

    reason: str


class ConnectionRepository:
    """The connections of all accounts."""

    def __init__(self, pool: Pool, encryptor: Encryptor) -> None:
        self._pool, self._encryptor = pool, encryptor

    async def open(
        self, *, account_id: UUID, connection_id: UUID, kinds: Collection[ConnectionKind]
    ) -> DecryptedConnection | UnusableConnection:
        """Open an account's connection of one of these kinds.

        Raises:
            OSError, asyncpg.PostgresError: the look-up failed; a transient error.
        """
        row = await store.find_encrypted(self._pool, account_id=account_id, connection_id=connection_id)
        if row is None:
            return UnusableConnection(f"there is no connection {connection_id}")
        if row["encrypted"] is None:
            return UnusableConnection(f"the connection {connection_id} was deleted: name another one in the step")
        if row["kind"] not in kinds:
            taken = " or ".join(kinds)
            return UnusableConnection(
                f"the connection {connection_id} is of kind {row['kind']}, this action takes one of kind {taken}"
            )
        try:
            made = ConnectionIn.model_validate_json(self._encryptor.open(row["encrypted"]))
        except DecryptionError as error:
            return UnusableConnection(f"the connection {connection_id} cannot be opened: {error}")
        return DecryptedConnection(made.url or "", made.headers, made)
