"""What carrying out a command takes and gives: the desk's tools in, an answer and messages out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor
from contracts.primitives.problem import field_errors
from contracts.wire.envelope import Envelope
from storage.pool import Connection
from trigger_dispatcher.errors import InvalidInput

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What every command may need."""

    encryptor: Encryptor
    egress: EgressPolicy


@dataclass(frozen=True, slots=True)
class Result:
    """A command carried out: what its caller gets, the jobs it made, and what is left to do by further commands.

    `answers` is the command that the outcome belongs to, where it is not the one carried out; an `unfinished` command
    has no outcome yet: a further one gives it.
    """

    status: int
    body: Mapping[str, Any]
    jobs: Sequence[Envelope] = ()
    commands: Sequence[Envelope] = ()
    redeliveries: Sequence[Envelope] = ()
    events: Sequence[Envelope] = ()
    answers: UUID | None = None
    unfinished: bool = False


CarryOut = Callable[[Connection, Envelope, CommandContext], Awaitable[Result]]
"""Carries out one command, its account's lock held; raises a `Refusal` before it wrote anything."""


def read(model: type[M], data: Mapping[str, Any]) -> M:
    """Read a command's data.

    Raises:
        InvalidInput: with every fault, or there is text that Postgres cannot keep.
    """
    if _has_nul(data):
        raise InvalidInput("text must not contain the character U+0000")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(faults=field_errors(error)) from None


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\x00" in value
        case Mapping():
            return any(_has_nul(name) or _has_nul(inner) for name, inner in value.items())
        case list():
            return any(_has_nul(inner) for inner in value)
        case _:
            return False
