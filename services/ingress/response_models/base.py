"""What all shapes of answers share, and the shapes that any resource may give."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from contracts.resources.output import ResponseModel


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


class ProblemFault(ResponseModel):
    """One fault: where, and what to do about it."""

    path: str
    message: str
