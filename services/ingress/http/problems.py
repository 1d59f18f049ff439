"""Convert any error into one RFC 9457 problem: the only place where errors become responses."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import structlog
from aiohttp import web

from contracts.primitives.problem import problem
from documents.xml_answer import PROBLEM_XML_TYPE, problem_xml
from ingress.errors import ApiError, MethodNotAllowed, NotFound, Unauthorized, Unavailable
from ingress.http.route import Response
from storage.transient import is_transient

log = structlog.get_logger(__name__)

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2

# A service whose views do not exist yet is starting: a transient error for this caller.
_NOT_YET: Final = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError)


def wants_xml(request: web.Request) -> bool:
    """Whether the sender expects XML: by its body or, on a channel, by `Accept` alone."""
    accept = request.headers.get("Accept", "").lower()
    asks_xml = "application/xml" in accept or "text/xml" in accept or "problem+xml" in accept
    asks_json = "json" in accept
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type in {"application/xml", "text/xml"}:
        return asks_xml or not asks_json or "*/*" in accept
    return asks_xml and not asks_json and request.path.startswith("/ext/")


def reply_of(error: BaseException, *, request_id: UUID, xml: bool) -> Response:
    """The problem for an error. An unexpected error is logged with its traceback; the response has only its id."""
    known = _known(error, request_id)
    body = problem(known.http_status, known.code, known.title, known.detail, known.faults)
    headers = dict(known.headers)
    if known.http_status in {429, 503}:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    if isinstance(known, Unauthorized):
        headers.setdefault("WWW-Authenticate", 'Bearer realm="ledgerwire"')
    if known.http_status >= 500:  # noqa: PLR2004  what an operator will be asked about
        body["instance"] = f"urn:uuid:{request_id}"
    return problem_reply(body, headers=headers, xml=xml)


def problem_reply(body: dict[str, Any], *, headers: dict[str, str] | None = None, xml: bool = False) -> Response:
    """The response with a problem object."""
    if xml:
        return Response(body["status"], problem_xml(body), headers or {}, PROBLEM_XML_TYPE)
    return Response(body["status"], orjson.dumps(body), headers or {}, PROBLEM_TYPE)


def _known(error: BaseException, request_id: UUID) -> ApiError:
    match error:
        case ApiError():
            return error
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return MethodNotAllowed(f"use {allowed}", headers={"Allow": allowed})
        case web.HTTPException() if error.status < 500:  # noqa: PLR2004  the router knows only 404 besides
            return NotFound()
        case _ if is_transient(error) or isinstance(error, (*_NOT_YET, asyncio.TimeoutError)):
            log.warning("request_failed_transient", request_id=str(request_id), error=repr(error))
            return Unavailable("a dependency does not respond; try again, with the same Idempotency-Key")
        case _:
            log.error("request_failed", request_id=str(request_id), exc_info=error)
            return ApiError(f"it is logged under {request_id}")
