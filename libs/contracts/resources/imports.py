"""Imports: checked lines on their way from ingress to the ledger, in bounded batches; and an import as output."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from contracts.resources.client import ClientUpsert
from contracts.resources.output import ResponseModel
from contracts.resources.product import ProductUpsert
from contracts.resources.schemas import Model, OnConflict

ImportKind = Literal["clients", "products"]
OnError = Literal["skip", "abort"]
"""What happens to the other lines when one is bad: they are imported, or none is."""

BATCH_LINES_MAX: Final = 5_000
"""Lines that may be imported all or none: one transaction holds the account's lock for all of them."""

FAULTS_KEPT_MAX: Final = 1_000
"""Errors that are kept of one import; all bad lines are counted."""


class ClientLine(Model):
    """One client, and its line in the file."""

    line: int = Field(ge=1)
    given: ClientUpsert


class ProductLine(Model):
    """One product, and its line in the file."""

    line: int = Field(ge=1)
    given: ProductUpsert


class ImportLines(Model):
    """Some lines of one import, to be taken in one transaction. With `abort`, all of them or none."""

    import_id: UUID
    on_error: OnError
    clients: list[ClientLine] = Field(default_factory=list, max_length=BATCH_LINES_MAX)
    products: list[ProductLine] = Field(default_factory=list, max_length=BATCH_LINES_MAX)


class LineFault(Model):
    """What is wrong with a line: where in the file, where in the object, and what to do about it."""

    line: int
    path: str
    message: str


class ImportBatchResult(Model):
    """The result for these lines; one is `refused` once, however many errors it has. `aborted`: none was imported."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    aborted: bool = False
    faults: list[LineFault] = Field(default_factory=list)


ImportState = Literal["running", "done", "aborted"]
FileFormat = Literal["csv", "jsonl"]


class ImportFault(ResponseModel):
    """What is wrong with a line: where in the file, where in the object, and what to do about it."""

    line: int
    path: str
    message: str


class Import(ResponseModel):
    """A file being imported. `lines` were read, and `handled` of them are done.

    A refused line is counted once; `errors` lists its errors, at most the first thousand of all. `aborted`: nothing was
    imported.
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
