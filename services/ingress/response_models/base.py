"""What all shapes of answers share, and the shapes that any resource may give."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel

from contracts.resources.inbox import WarningCode
from contracts.resources.output import ResponseModel

T = TypeVar("T", bound=BaseModel)


class ResourcePage(ResponseModel, Generic[T]):
    """One page, newest first; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


class PendingOperation(ResponseModel):
    """Accepted and committed; what became of it is at `location`."""

    id: UUID
    state: Literal["pending"]
    location: str


class Problem(ResponseModel):
    """RFC 9457 problem details; `errors` names every fault of a bad input."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemFault] | None = None


class MessageWarning(ResponseModel):
    """What a person should look at in an inbox message: where, which kind of finding, and what it is."""

    path: str
    code: WarningCode
    message: str


class ProblemFault(ResponseModel):
    """One fault: where, and what to do about it."""

    path: str
    message: str
