"""The context of a command's handler, and its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor
from contracts.command_errors import InvalidInput
from contracts.primitives.problem import field_errors
from contracts.wire.envelope import Envelope
from storage.pool import Connection

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What every command may need."""

    encryptor: Encryptor
    egress: EgressPolicy


@dataclass(frozen=True, slots=True)
class Result:
    """A handled command's result: the caller's response, new jobs, and follow-up commands.

    `answers` is the command that the result belongs to, if it is another one; an `unfinished` command has no result
    yet: a follow-up gives it.
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
"""Carries out one command, its account's lock held; raises a `CommandError` before it wrote anything."""


def read(model: type[M], data: Mapping[str, Any]) -> M:
    """Read a command's data.

    Raises:
        InvalidInput: with every error, or text that Postgres cannot store.
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
