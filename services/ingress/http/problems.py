"""Turn whatever went wrong into one RFC 9457 problem: the only place where errors become answers."""

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

# A service whose views are not there yet is being brought up: a transient error, as far as this caller is concerned.
_NOT_YET: Final = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError)


def wants_xml(request: web.Request) -> bool:
    """Whether the sender is one of XML: by what was sent or, on a channel, by what is asked for alone."""
    accept = request.headers.get("Accept", "").lower()
    asks_xml = "application/xml" in accept or "text/xml" in accept or "problem+xml" in accept
    asks_json = "json" in accept
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type in {"application/xml", "text/xml"}:
        return asks_xml or not asks_json or "*/*" in accept
    return asks_xml and not asks_json and request.path.startswith("/ext/")


def reply_of(error: BaseException, *, request_id: UUID, xml: bool) -> Response:
    """The problem for an error. What nobody foresaw is logged with its trace and answered with its id alone."""
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
    """The reply that carries a problem object."""
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
