"""Response models that any route may return."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from contracts.resources.output import ResponseModel


class PendingOperation(ResponseModel):
    """Accepted and committed; its result will be at `location`."""

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
