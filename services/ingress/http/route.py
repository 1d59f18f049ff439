"""The API as data: each route with everything that its handling, its OpenAPI and its tests need.

A resource is a module with `ROUTES`, each handler `async def (api: Api, call: Request) -> Response`; `ingress.routes`
lists the modules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

from aiohttp import web
from multidict import CIMultiDictProxy
from pydantic import BaseModel, Field

from contracts.primitives.ids import parse_id
from contracts.resources.schemas import Model
from ingress.access.session_store import Session
from ingress.errors import NotFound, Unauthorized
from ingress.http.body_memory import Reservation
from ingress.scopes import Scope

BODY_BYTES_MAX: Final = 1024 * 1024
SECONDS_MAX: Final = 60.0
MCP_PATH: Final = "/mcp"
_AUDITED: Final = ("/v1/session", "/v1/password-resets", "/oauth/")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: its account, its credential, its scopes."""

    account_id: UUID
    kind: Literal["access_token", "key_pair", "user", "application"]
    id: UUID
    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Response:
    """A response before serialization: `body` is serializable as JSON, or bytes that are sent as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Handler: TypeAlias = "Callable[[Any, Request], Awaitable[Response | web.StreamResponse]]"


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of one path.

    `operation_id` is its public name for generated clients: camelCase, a verb and a noun, unique and never changed.
    `scope` None needs no credential (the path itself is the secret) or, with `session`, a session. `body` is the model
    of the JSON body; with `request_type="bytes"` (a document), "form" where a form with a file is accepted as well,
    "linked_form" where the file may also be a URL, "lines" of CSV or JSON, the form of a "decision", "anything" in JSON
    or a form, or a "mail" besides, the handler reads the body itself. `query` is the model of the query parameters:
    unknown ones are refused. `response_model` and `response_types`, the content types, are for OpenAPI.
    `waits`: another service decides, so that the response may be a 202; None: as its scope is "write" or "automate".
    `may_be_absent`: a single object without an id in its path, 404 while it does not exist. `dry_run`: `?dry_run=true`
    returns what would change, as 200. `seconds_max` bounds the handler, None for one that streams.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    operation_id: str
    handler: Handler
    scope: Scope | None
    summary: str
    body: type[Model] | None = None
    query: type[Model] | None = None
    response_model: type[BaseModel] | None = None
    status: int = 200
    request_type: Literal["json", "bytes", "form", "linked_form", "lines", "decision", "anything", "mail"] = "json"
    response_types: tuple[str, ...] = ("application/json",)
    body_bytes_max: int = BODY_BYTES_MAX
    seconds_max: float | None = SECONDS_MAX
    tag: str = ""
    may_be_absent: bool = False
    waits: bool | None = None
    session: bool = False
    dry_run: bool = False

    @property
    def may_be_pending(self) -> bool:
        """Whether it may respond 202."""
        return self.method != "GET" and (self.scope in {"write", "automate"} if self.waits is None else self.waits)

    @property
    def is_audited(self) -> bool:
        """Whether its requests are audited: changes except those of the ledger, sign-ins, and exports."""
        if self.method == "GET":
            return self.path.endswith("/export")
        return self.scope in {"automate", "admin"} or self.path.startswith(
            ("/v1/session", "/v1/password-resets", "/oauth/")
        )

    @property
    def is_open(self) -> bool:
        """Whether no credential is needed."""
        return self.scope is None and not self.session


class Page(Model):
    """The query of every list: `limit` 1 to 200, and the `cursor` of the previous page."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=1000, json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})


@dataclass(slots=True)
class Request:
    """One request. `id` is its request id, and that of its operation and command if it becomes one."""

    id: UUID
    route: Route
    request: web.Request
    held: Reservation
    answering: Reservation | None = None  # hold of the response's bytes; None where it is not sent
    caller: Caller | None = None
    session: Session | None = None  # of a route that needs one
    user: tuple[UUID, str] | None = None  # the id and name of the person who signed in by this request
    audited: bool = False  # its entry in the audit log
    raw: bytes = b""
    body: Model | None = None
    query: Model | None = None
    reader: Route | None = None  # the GET of the object that this request changes
    account: UUID | None = None  # of the caller, or of the channel
    channel: UUID | None = None  # the channel of the path

    @property
    def account_id(self) -> UUID:
        """The account that this request acts on.

        Raises:
            Unauthorized: the request has no credentials.
        """
        if self.account is None:
            raise Unauthorized
        return self.account

    @property
    def signed_in(self) -> Session:
        """The session of the caller.

        Raises:
            Unauthorized: the route needs none.
        """
        if self.session is None:
            raise Unauthorized
        return self.session

    def count_answer(self, size: int) -> None:
        """Count bytes of the response for the account, or for the address where it is unknown.

        Raises:
            TooManyRequests, Unavailable: too many unread responses.
        """
        if self.answering is not None:
            self.answering.owners = (self.account or self.request.remote,)
            self.answering.add(size)

    @property
    def credential_id(self) -> UUID | None:
        """The caller's credential; None where the path itself is the secret."""
        return self.caller.id if self.caller else None

    @property
    def made_by(self) -> dict[str, Any] | None:
        """The caller as resources store it: {kind, id, name} of the credential."""
        return (
            None
            if self.caller is None
            else {"kind": self.caller.kind, "id": str(self.caller.id), "name": self.caller.name}
        )

    @property
    def actor(self) -> dict[str, Any] | None:
        """The caller, as the audit log stores it."""
        user = (self.session.user_id, self.session.user_name) if self.session else self.user
        return self.made_by or ({"kind": "user", "id": str(user[0]), "name": user[1]} if user else None)

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The request's headers, by name without regard to capitals."""
        return self.request.headers

    @property
    def params(self) -> Mapping[str, str]:
        """The variable parts of the path, decoded."""
        return self.request.match_info

    def id_of(self, name: str = "id") -> UUID:
        """The id in the path.

        Raises:
            NotFound: it has another form than our ids.
        """
        identifier = parse_id(self.params[name])
        if identifier is None:
            raise NotFound
        return identifier

    def body_as(self, kind: type[M]) -> M:
        """The body, of the model that the route declares."""
        return _of_kind(self.body, kind)

    def query_as(self, kind: type[M]) -> M:
        """The query parameters, of the model that the route declares."""
        return _of_kind(self.query, kind)

    @property
    def prefers_async(self) -> bool:
        """Whether the caller prefers not to wait (RFC 7240)."""
        prefer = self.request.headers.get("Prefer")
        return prefer is not None and "respond-async" in prefer.lower()


def _of_kind(value: Model | None, kind: type[M]) -> M:
    if not isinstance(value, kind):
        raise TypeError(f"the route declares {type(value)}, its handler expects {kind}")
    return value
