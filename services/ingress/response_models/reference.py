"""The shapes of what stands beside the books: products, suppliers, the plan, imports. Part of `shapes`."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from contracts.resources.clients import OnConflict
from contracts.resources.imports import ImportKind, OnError
from contracts.resources.output import ResponseModel

ImportState = Literal["running", "done", "aborted"]
FileFormat = Literal["csv", "jsonl"]


class RemovedResource(ResponseModel):
    """What became of something that was to go: `archived` where documents refer to it, else `deleted`."""

    id: UUID
    deleted: bool
    archived: bool


class Period(ResponseModel):
    """First and last day."""

    start: dt.date
    end: dt.date


class QuotaUsage(ResponseModel):
    """How many there are, and how many there may be."""

    used: int
    limit: int | None


class Usage(ResponseModel):
    """What of the plan is used; archived clients and products do not count."""

    period: Period
    clients: QuotaUsage
    products: QuotaUsage


class ImportFault(ResponseModel):
    """What is wrong with a line: where in the file, where in the object, and what to do about it."""

    line: int
    path: str
    message: str


class Import(ResponseModel):
    """A file on its way into the books. `lines` were read, and `handled` of them are through.

    A refused line is counted once; `errors` tell its faults, at most the first thousand of all. `aborted`: nothing was
    taken.
    """

    id: UUID
    kind: ImportKind
    format: FileFormat
    on_error: OnError
    on_conflict: OnConflict
    state: ImportState
    lines: int
    handled: int
    created: int
    updated: int
    unchanged: int
    refused: int
    errors: list[ImportFault]
    created_at: dt.datetime
    finished_at: dt.datetime | None
