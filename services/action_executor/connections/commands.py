"""Handle the commands on connections: create and delete."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from action_executor.connections import rules, store
from action_executor.refusals import invalid, problem
from chassis.egress import EgressPolicy
from chassis.encryption import DecryptionError, Encryptor
from contracts.primitives.ids import new_id
from contracts.primitives.problem import field_errors
from contracts.resources import connection
from contracts.resources.connection import ConnectionIn
from contracts.resources.schemas import ByIdInput, Model
from contracts.wire.commands import CREATE_CONNECTION, DELETE_CONNECTION
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection

COMMANDS = frozenset({CREATE_CONNECTION, DELETE_CONNECTION})

log = structlog.get_logger(__name__)


class _Create(Model):
    """The data of `create_connection`."""

    encrypted: str


@dataclass(frozen=True, slots=True)
class ConnectionCommandHandler:
    """What these commands need: who opens and encrypts, and where calls may go."""

    encryptor: Encryptor
    egress: EgressPolicy
    has_folders: bool = False

    async def handle(self, conn: Connection, command: Envelope) -> CommandResult:
        """Handle one of `COMMANDS`; return its result."""
        try:
            if command.name == CREATE_CONNECTION:
                return await self._create(conn, command)
            return await _delete(conn, command)
        except ValidationError as error:
            return invalid(field_errors(error))

    async def _create(self, conn: Connection, command: Envelope) -> CommandResult:
        try:
            text = self.encryptor.open(_Create.model_validate(command.data).encrypted.encode())
        except DecryptionError as error:
            log.warning("connection_not_opened", command_id=str(command.id), error=str(error))
            detail = "the executor lacks the key of this connection: the operator must align LEDGERWIRE_SECRET_KEYS"
            return problem(500, "secret_not_kept", "A secret cannot be opened", detail)
        requested = ConnectionIn.model_validate_json(text)
        if found := rules.faults(requested, self.egress, has_folders=self.has_folders):
            return invalid(found)
        made = store.NewConnection(
            account_id=command.account_id,
            id=new_id(),
            name=requested.name,
            kind=requested.kind,
            origin=rules.shown_origin(requested),
            header_names=sorted(requested.headers),
            encrypted=self.encryptor.encrypt(text),
        )
        row = await store.insert(conn, made)
        if row is None:
            detail = f"an account has at most {store.CONNECTIONS_MAX} connections: delete one that is not used"
            return problem(409, "limit_reached", "The limit on the number of these is reached", detail)
        return CommandResult(201, connection.from_row(row))


async def _delete(conn: Connection, command: Envelope) -> CommandResult:
    connection_id = ByIdInput.model_validate(command.data).id
    row = await store.remove(conn, account_id=command.account_id, connection_id=connection_id)
    if row is None:
        detail = f"there is no connection {connection_id}"
        return problem(404, "not_found", "Unknown id", detail)
    return CommandResult(200, connection.from_row(row) | {"deleted": True})
