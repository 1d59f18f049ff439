"""Read outcomes of commands from the views of the services that handled them, and operations of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from contracts.wire.commands import queue_of
from contracts.wire.topology import SCHEMAS
from storage.pool import Pool

# jsonb as text: it is passed on without decoding.
_FIND_IN: Final = {
    schema: "SELECT account_id, command_id, status, body::text AS body, committed_at"  # noqa: S608  constants of ours
    f" FROM {schema}_api.outcome WHERE (account_id, command_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))"
    for schema in SCHEMAS.values()
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command's result: the HTTP status for its caller, and a JSON text."""

    status: int
    body: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that was accepted."""

    account_id: UUID
    id: UUID
    command: str
    method: str
    path: str
    subject_id: UUID | None
    credential_id: UUID | None
    accepted_at: datetime


def schema_of(command: str) -> str:
    """The schema of the service that handles a command."""
    return SCHEMAS[queue_of(command).consumer]


async def find_outcomes(pool: Pool, *, schema: str, commands: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Outcome]:
    """The outcomes there are, for (account id, command id) each, by command id."""
    rows = await pool.fetch(_FIND_IN[schema], [account for account, _ in commands], [one for _, one in commands])
    return {row["command_id"]: Outcome(row["status"], row["body"], row["committed_at"]) for row in rows}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead-lettered message of a request that was not replayed."""

    service: str
    queue: str
    reason: str
    dead_lettered_at: datetime


_DEAD_LETTERED: Final = {
    service: "SELECT queue, reason, dead_lettered_at"  # noqa: S608  constants of ours
    f" FROM {schema}_api.dead_letter WHERE account_id = $1 AND correlation_id = $2 AND replayed_at IS NULL"
    " ORDER BY dead_lettered_at LIMIT 1"
    for service, schema in SCHEMAS.items()
}
# A service that is not migrated yet has dead-lettered nothing.
_NOT_YET: Final = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError)


async def find_dead_letter(pool: Pool, *, account_id: UUID, request_id: UUID) -> DeadLetter | None:
    """The first dead-lettered message that a request caused and that was not replayed."""
    for service, query in _DEAD_LETTERED.items():
        try:
            row = await pool.fetchrow(query, account_id, request_id)
        except _NOT_YET:
            continue
        if row is not None:
            return DeadLetter(service, *row)
    return None


async def find_operation(pool: Pool, *, account_id: UUID, identifier: UUID) -> Operation | None:
    """One operation of the account."""
    row = await pool.fetchrow(
        "SELECT account_id, id, command, method, path, subject_id, credential_id, accepted_at"
        " FROM ingress.operation"
        " WHERE account_id = $1 AND id = $2",
        account_id, identifier,
    )  # fmt: skip
    return Operation(*row) if row else None
