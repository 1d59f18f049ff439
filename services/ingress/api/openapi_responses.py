"""The responses of the OpenAPI document: for each route every possible status, with content and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from documents.xml_answer import PROBLEM_XML_TYPE
from ingress import response_models
from ingress.errors import (
    ApiError,
    BodyTooLarge,
    Conflict,
    Forbidden,
    InvalidInput,
    Malformed,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    TooSlow,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from ingress.http.route import Route

Refer = Callable[[type[BaseModel]], dict[str, Any]]
"""Returns the reference to a model's schema."""

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NOT_MODIFIED: Final = "304"
_CREATED: Final = 201

HEADERS: Final[Mapping[str, dict[str, Any]]] = {
    "Allow": {"description": "The methods of this path", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The file's name (RFC 6266)", "schema": {"type": "string"}},
    "ETag": {"description": "The object's state, for `If-Match` and `If-None-Match`", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true`: this is the answer to the first request with this `Idempotency-Key`",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Link": {"description": 'The next page: `<URL>; rel="next"`; absent on the last', "schema": {"type": "string"}},
    "Location": {"description": "Where the object is", "schema": {"type": "string"}},
    "Preference-Applied": {
        "description": "`respond-async` where the request preferred that",
        "schema": {"type": "string", "enum": ["respond-async"]},
    },
    "Retry-After": {"description": "Seconds to wait", "required": True, "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "The scheme (RFC 9110)", "required": True, "schema": {"type": "string"}},
    "X-Request-Id": {"description": "The request's id, as logged", "schema": {"type": "string", "format": "uuid"}},
}  # fmt: skip

_ERRORS: Final[tuple[tuple[str, type[ApiError], tuple[str, ...]], ...]] = (
    ("Malformed", Malformed, ()),
    ("Unauthorized", Unauthorized, ("WWW-Authenticate",)),
    ("Forbidden", Forbidden, ()),
    ("NotFound", NotFound, ()),
    ("RequestTimeout", TooSlow, ()),
    ("Conflict", Conflict, ("Idempotency-Replayed",)),
    ("PreconditionFailed", PreconditionFailed, ("Idempotency-Replayed",)),
    ("ContentTooLarge", BodyTooLarge, ()),
    ("UnsupportedMediaType", UnsupportedMediaType, ()),
    ("InvalidInput", InvalidInput, ("Idempotency-Replayed",)),
    ("TooManyRequests", TooManyRequests, ("Retry-After",)),
    ("InternalError", ApiError, ()),
    ("Unavailable", Unavailable, ("Retry-After",)),
)
HTML: Final = "text/html"
_PAGE: Final = (HTML,)
_SIGN_IN: Final = "createSession"
_HEADERS_OF: Final = {error: headers for _, error, headers in _ERRORS}
_NAMES: Final = {error: name for name, error, _ in _ERRORS}


def problem_responses(refer: Refer) -> dict[str, Any]:
    """The components that all routes share: one for each kind of problem, as JSON and for senders of XML as XML."""
    xml = {"schema": refer(response_models.Problem)}
    content = {PROBLEM: {"schema": refer(response_models.Problem)}, PROBLEM_XML_TYPE: xml}
    return {
        name: {"description": error().title, "headers": _headers("X-Request-Id", *headers), "content": content}
        for name, error, headers in _ERRORS
    }


def responses_of(route: Route, refer: Refer) -> dict[str, Any]:
    """Every status of the route, successes first."""
    done = {
        "description": "Done",
        "headers": _headers(*_headers_done(route)),
        "content": {kind: {"schema": _schema_of(route, kind, refer)} for kind in route.response_types},
    }
    responses: dict[str, Any] = {str(route.status): done}
    if route.status == _CREATED:
        responses["200"] = done | {"description": "It exists already, and is returned in its current state"}
    if route.may_be_pending:
        headers = _headers("X-Request-Id", "Location", "Preference-Applied", "Idempotency-Replayed")
        responses["202"] = {
            "description": "Accepted; its outcome will be at `/v1/operations/{id}`",
            "headers": headers,
            "content": {JSON: {"schema": refer(response_models.PendingOperation)}},
        }
    if _is_object(route):
        responses[_NOT_MODIFIED] = {
            "description": "It equals the state of `If-None-Match`",
            "headers": _headers("X-Request-Id", "ETag"),
        }
    for error in _problems(route):
        problem = {"$ref": f"#/components/responses/{_NAMES[error]}"}
        responses[str(error.http_status)] = _or_page(error, refer) if route.response_types == _PAGE else problem
    return responses


def _or_page(error: type[ApiError], refer: Refer) -> dict[str, Any]:
    """What a page answers instead: a page that says why, or a problem where no handler was reached."""
    content = {kind: {"schema": refer(response_models.Problem)} for kind in (PROBLEM, PROBLEM_XML_TYPE)}
    content[HTML] = {"schema": {"type": "string"}}
    headers = _headers("X-Request-Id", *_HEADERS_OF[error])
    return {"description": error().title, "headers": headers, "content": content}


def takes_if_match(route: Route) -> bool:
    """Whether `If-Match` makes the request conditional."""
    return route.method != "GET" and "{id}" in route.path


def takes_if_none_match(route: Route) -> bool:
    """Whether `If-None-Match` can make the response a 304."""
    return _is_object(route)


def _is_object(route: Route) -> bool:
    fields = route.response_model.model_fields if route.response_model else {}
    if route.method != "GET" or route.response_types != (JSON,):
        return False
    return not fields.keys() & {"next_cursor", "root"}


def _problems(route: Route) -> Iterator[type[ApiError]]:
    yield Malformed
    if not route.is_open or route.operation_id == _SIGN_IN:
        yield from (Unauthorized, Forbidden)
    if "{" in route.path or route.method in WRITING or route.may_be_absent:
        yield NotFound
    if route.method in WRITING:
        yield from (TooSlow, Conflict, BodyTooLarge, UnsupportedMediaType)
    if takes_if_match(route):
        yield PreconditionFailed
    if route.method in WRITING or not route.is_open:
        yield from (InvalidInput, TooManyRequests)
    yield from (ApiError, Unavailable)


def _headers_done(route: Route) -> Iterator[str]:
    yield "X-Request-Id"
    if route.method == "POST":
        yield "Idempotency-Replayed"
    if route.status == _CREATED:
        yield "Location"
    if _is_object(route) or route.may_be_pending:
        yield "ETag"
    is_file = route.response_types not in {(JSON,), ("text/event-stream",)}
    if is_file and route.method == "GET" and route.scope is not None:
        yield "Content-Disposition"
    if route.operation_id == "listTriggerEvents":
        yield "Link"


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _schema_of(route: Route, media_type: str, refer: Refer) -> dict[str, Any]:
    if route.response_model is not None and route.dry_run:
        return {"anyOf": [refer(route.response_model), refer(response_models.DryRun)]}
    if route.response_model is not None:
        return refer(route.response_model)
    if media_type == JSON:
        return {"type": "object"}
    return {"type": "string"} if media_type.startswith("text/") or media_type == "application/x-ndjson" else _BINARY


_BINARY: Final = {"type": "string", "format": "binary"}
