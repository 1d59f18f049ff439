"""Carry out what is asked of connections: keep one, take one away."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog
from pydantic import ValidationError

from action_executor.connections import rules, store
from chassis.egress import EgressPolicy
from chassis.sealing import CannotOpen, Sealer
from contracts import present_execution
from contracts.commands import CREATE_CONNECTION, DELETE_CONNECTION
from contracts.connections import ConnectionIn
from contracts.envelope import Envelope
from contracts.ids import new_id
from contracts.objects import Model
from contracts.problem import Fault, faults_of
from outbox.hop import Answer
from storage.pool import Connection

COMMANDS = frozenset({CREATE_CONNECTION, DELETE_CONNECTION})

log = structlog.get_logger(__name__)


class _Create(Model):
    """The data of `create_connection`."""

    sealed: str


class _Delete(Model):
    """The data of `delete_connection`."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Desk:
    """What these commands need: who opens and seals, and where calls may go."""

    sealer: Sealer
    egress: EgressPolicy

    async def carry_out(self, conn: Connection, command: Envelope) -> Answer:
        """Carry out one of `COMMANDS`; answer its outcome."""
        try:
            if command.name == CREATE_CONNECTION:
                return await self._create(conn, command)
            return await _delete(conn, command)
        except ValidationError as error:
            return _invalid(faults_of(error))

    async def _create(self, conn: Connection, command: Envelope) -> Answer:
        try:
            text = self.sealer.open(_Create.model_validate(command.data).sealed.encode())
        except CannotOpen as error:
            log.warning("connection_not_opened", command_id=str(command.id), error=str(error))
            detail = "what was sent was sealed with a key that is not at hand here: an operator has to see to it"
            return _problem(500, "secret_not_kept", "A secret cannot be opened", detail)
        asked = ConnectionIn.model_validate_json(text)
        if found := rules.faults(asked, self.egress):
            return _invalid(found)
        made = store.NewConnection(
            account_id=command.account_id,
            id=new_id(),
            name=asked.name,
            kind=asked.kind,
            origin=rules.origin_of(asked.url),
            header_names=sorted(asked.headers),
            sealed=self.sealer.seal(text),
        )
        row = await store.insert(conn, made)
        if row is None:
            detail = f"an account has at most {store.CONNECTIONS_MAX} connections: delete one that is not used"
            return _problem(409, "limit_reached", "There are as many of these as there may be", detail)
        return Answer(201, present_execution.connection(row))


async def _delete(conn: Connection, command: Envelope) -> Answer:
    connection_id = _Delete.model_validate(command.data).id
    row = await store.remove(conn, account_id=command.account_id, connection_id=connection_id)
    if row is None:
        detail = f"there is no connection {connection_id}"
        return _problem(404, "not_found", "There is nothing here under this id", detail)
    return Answer(200, present_execution.connection(row) | {"deleted": True})


def _invalid(found: list[Fault]) -> Answer:
    detail = f"{found[0].path} {found[0].message}"
    return _problem(422, "invalid_input", "The input has faults", detail, found)


def _problem(status: int, code: str, title: str, detail: str, found: list[Fault] | None = None) -> Answer:
    errors = [{"path": fault.path, "message": fault.message} for fault in found or ()]
    return Answer(status, {"code": code, "title": title, "detail": detail, "errors": errors})
