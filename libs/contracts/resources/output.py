"""What the modules of resources share for output: the base of output models, and the parts of rows as JSON.

Each module has its output model, for OpenAPI and the catalog, and `from_row`, which makes that JSON from a view's row.
Nothing is checked against the models when answering: tests hold every answer to its model instead.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol, TypeAlias
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
    """What all answers share: a field may be added later, so callers pass over what they do not know."""

    model_config = ConfigDict(frozen=True, defer_build=True)  # only descriptions and tests ever use them


def decimal_text(value: Decimal | None) -> str | None:
    """Decimal text without an exponent; None stays None."""
    return None if value is None else plain(value)


class ClientNamed(ResponseModel):
    """A client, as everything about one names it."""

    id: UUID
    name: str
    email: str | None
    external_id: str | None


def client_named(row: Row) -> JSONObject:
    """`client_id` and `client`, from a view's `client_id` and columns that begin with `client_`."""
    named = {name: row[f"client_{name}"] for name in ("name", "email", "external_id")}
    return {"client_id": str(row["client_id"]), "client": {"id": str(row["client_id"]), **named}}
