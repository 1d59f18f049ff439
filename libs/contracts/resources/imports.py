"""What an import carries from ingress to the ledger: lines that were read and checked, a bounded number at a time."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from contracts.resources.clients import ClientUpsert
from contracts.resources.product import ProductUpsert
from contracts.resources.schemas import Model

ImportKind = Literal["clients", "products"]
OnError = Literal["skip", "abort"]
"""What becomes of the rest when a line is bad: it is taken, or nothing at all is."""

BATCH_LINES_MAX: Final = 5_000
"""As many lines as may be taken all or none: for so long the account's books are held."""

FAULTS_KEPT_MAX: Final = 1_000
"""As many faults of one import as are kept; all bad lines are counted."""


class ClientLine(Model):
    """One client, and where it stands in the file."""

    line: int = Field(ge=1)
    given: ClientUpsert


class ProductLine(Model):
    """One product, and where it stands in the file."""

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
    """What became of the lines; one is `refused` once, however many faults it has. `aborted`: none was taken."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    aborted: bool = False
    faults: list[LineFault] = Field(default_factory=list)
