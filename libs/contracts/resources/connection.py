"""Connections: credentials for an external application; steps refer to one by its id.

Input, output, and how a row becomes it.

Its secrets (the URL of a chat's webhook, headers) are encrypted on arrival and decrypted where they are used.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import Model, ShortText
from contracts.values import Form

ConnectionKind = Literal["chat", "http"]
"""chat: an incoming webhook, its URL the secret; http: a server, and the headers that authenticate us."""

# RFC 9110: a token; and visible characters with blanks inside, so that no value can end its line.
HeaderName = Annotated[
    str, Form(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", "must be a header's name: letters, digits and hyphens, at most 100")
]
HeaderValue = Annotated[
    str,
    Form(
        r"[!-~]([ -~\t]{0,4094}[!-~])?",
        "must be a header's value: printable ASCII without spaces around it, at most 4096 characters",
    ),
]


class ConnectionIn(Model):
    """A name, a URL and the credentials; only the name and the server are shown again."""

    name: ShortText
    kind: ConnectionKind
    url: Annotated[str, StringConstraints(min_length=8, max_length=2048)]
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        if self.kind == "chat" and self.headers:
            raise ValueError("headers can be used only with kind http")
        return self


class Connection(ResponseModel):
    """Credentials for an application: its server and the names of its headers, never the secrets."""

    id: UUID
    name: str
    kind: ConnectionKind
    origin: str
    headers: list[str]
    created_at: dt.datetime
    deleted: bool | None = None


def from_row(row: Row) -> JSONObject:
    """A connection without its secrets, from `execution_api.connection`; `origin` is its URL's server."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "kind": row["kind"],
        "origin": row["origin"],
        "headers": list(row["header_names"]),
        "created_at": row["created_at"].isoformat(),
    }
