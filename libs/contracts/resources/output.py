"""What resource modules share for output: the base of output models, and conversions from rows to JSON.

Each module has its output model, for OpenAPI and the catalog, and `from_row`, which makes that JSON from a view's row.
Responses are not checked against the models at run time: tests compare every response with its model instead.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.primitives.money import plain


class Row(Protocol):
    """A view's row: an asyncpg record or a dict, jsonb already read."""

    def __getitem__(self, name: str, /) -> Any:
        """A column."""
        ...


JSONObject: TypeAlias = dict[str, Any]


class ResponseModel(BaseModel):
    """Base of all responses: fields may be added later, so callers ignore unknown ones."""

    model_config = ConfigDict(frozen=True, defer_build=True)  # only descriptions and tests ever use them


def text(value: UUID | date | None) -> str | None:
    """An id or a date as text; None stays None."""
    return None if value is None else str(value)


def time_text(value: datetime | None) -> str | None:
    """A time in ISO 8601 with its zone; None stays None."""
    return None if value is None else value.isoformat()


def decimal_text(value: Decimal | None) -> str | None:
    """Decimal text without an exponent; None stays None."""
    return None if value is None else plain(value)


T = TypeVar("T", bound=BaseModel)


class ResourcePage(ResponseModel, Generic[T]):
    """One page, newest first; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


class RemovedResource(ResponseModel):
    """The result of a deletion: `archived` where documents refer to the resource, else `deleted`."""

    id: UUID
    deleted: bool
    archived: bool
