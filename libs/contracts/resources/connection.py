"""Connections: credentials for an external application; steps refer to one by its id.

Input, output, and how a row becomes it.

Its secrets (the URL of a chat's webhook, headers) are encrypted on arrival and decrypted where they are used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from contracts.resources.json_rules import all_of, given, names_by_pattern, only, where
from contracts.resources.output import JSONObject, ResponseModel, Row
from contracts.resources.schemas import Model, ShortText
from contracts.values import Form

ConnectionKind = Literal["chat", "http", "s3", "webdav", "sftp", "folder", "google_sheets"]
"""chat: an incoming webhook, its URL the secret; http: a server, and the headers that authenticate us; s3,
webdav, sftp, folder: where files are stored; google_sheets: spreadsheets, by a service account."""

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


# A user name, a key id and the like: one line of printable characters.
OneLine = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$")]
Path = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f\\]*$")]

_TAKES: Final[Mapping[ConnectionKind, tuple[frozenset[str], frozenset[str]]]] = MappingProxyType(
    {
        "chat": (frozenset({"url"}), frozenset()),
        "http": (frozenset({"url"}), frozenset({"headers"})),
        "s3": (frozenset({"url", "access_key_id", "secret_access_key"}), frozenset({"region"})),
        "webdav": (frozenset({"url"}), frozenset({"headers", "username", "password"})),
        "sftp": (frozenset({"url", "username", "host_key"}), frozenset({"password", "private_key"})),
        "folder": (frozenset(), frozenset({"path"})),
        "google_sheets": (frozenset({"service_account"}), frozenset({"url"})),
    }
)
"""The fields that each kind requires, and those that it may have, besides `name` and `kind`."""


_TOKENS: Final = "https://oauth2.googleapis.com/token"


class ServiceAccount(Model):
    """A key of a Google service account, the JSON file as Google gives it."""

    model_config = ConfigDict(extra="ignore")

    client_email: OneLine
    private_key: Annotated[str, StringConstraints(min_length=100, max_length=10_000)]
    private_key_id: OneLine | None = None
    token_uri: Annotated[str, StringConstraints(min_length=8, max_length=2048)] = _TOKENS


_WITH_A_KEY: Final[dict[str, Any]] = {
    "required": ["private_key"],
    "properties": {"private_key": {"type": "string", "minLength": 1}},
}


_AN_SFTP_URL: Final[dict[str, Any]] = {"properties": {"url": {"pattern": "^sftp://"}}}


def _json_rules() -> dict[str, Any]:
    fields = frozenset[str]().union(*(required | optional for required, optional in _TAKES.values()))
    empty: dict[str, Any] = {name: [None] for name in sorted(fields)} | {
        "headers": [{}],
        "path": [None, ""],
        "private_key": [None, ""],
    }
    kinds = []
    for kind, (required, optional) in _TAKES.items():
        rules = [*map(given, sorted(required))]
        if foreign := {name: value for name, value in empty.items() if name not in required | optional}:
            rules.append(only(**foreign))
        if kind == "sftp":
            rules += [{"anyOf": [given("password"), _WITH_A_KEY]}, _AN_SFTP_URL]
        kinds.append(where("kind", [kind], all_of(*rules)))
    return all_of(*kinds)


class ConnectionIn(Model):
    """A name, where it leads, and the credentials; only the name and the server are shown again.

    `url` of s3 is `https://server/bucket/prefix`, of sftp `sftp://server:port/folder`; `host_key` is the server's
    key as `SHA256:...` or as a line of known_hosts without the name.
    """

    model_config = ConfigDict(json_schema_extra=_json_rules())

    name: ShortText
    kind: ConnectionKind
    url: Annotated[str, StringConstraints(min_length=8, max_length=2048)] | None = None
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, max_length=20, json_schema_extra=names_by_pattern
    )
    username: OneLine | None = None
    password: Secret | None = None
    access_key_id: OneLine | None = None
    secret_access_key: Secret | None = None
    region: OneLine | None = None
    private_key: Annotated[str, StringConstraints(max_length=20_000)] | None = Field(
        default=None, description="in OpenSSH's or PEM form, without a passphrase"
    )
    host_key: Annotated[str, StringConstraints(min_length=10, max_length=2_000)] | None = None
    path: Path | None = Field(default=None, description="a folder below the account's own")
    service_account: ServiceAccount | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        required, optional = _TAKES[self.kind]
        given = {name for name in _FIELDS if getattr(self, name)}
        if missing := sorted(required - given):
            raise ValueError(f"{missing[0]} is required with kind {self.kind}")
        if foreign := sorted(given - required - optional):
            kinds = ", ".join(kind for kind, fields in _TAKES.items() if foreign[0] in fields[0] | fields[1])
            raise ValueError(f"{foreign[0]} can be used only with kind {kinds}")
        if self.kind == "sftp" and not (self.password or self.private_key):
            raise ValueError("password or private_key is required with kind sftp")
        return self


_FIELDS: Final = frozenset().union(*(required | optional for required, optional in _TAKES.values()))


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
