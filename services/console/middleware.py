"""Around every page: who, may they, the answer's headers, and a page for whatever goes wrong."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web
from prometheus_client import Histogram

from console.api_client import FieldError, Pending, Problem
from console.i18n import N_
from console.settings import PREFIX_PATH
from console.visit import (
    BROWSER_COOKIE,
    CSRF_FIELD,
    CSRF_HEADER,
    NOTICE_COOKIE,
    SESSION_COOKIE,
    VISIT,
    YEAR_SECONDS,
    Route,
    Visit,
    open_visit,
)

log = structlog.get_logger(__name__)

SECONDS: Final = Histogram(
    "ledgerwire_console_seconds",
    "From a page's request to its answer",
    ["method", "path", "status"],
    buckets=(0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1, 3, 11),
)
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'"
)
_HTML: Final = "text/html"
_UNAUTHORIZED: Final = 401
_SERVER_FAULT: Final = 500
_TITLES: Final = {
    400: N_("This cannot be read"),
    403: N_("You may not do this"),
    404: N_("There is nothing here"),
    405: N_("There is nothing here"),
    409: N_("This is not possible now"),
    412: N_("This was changed meanwhile"),
    413: N_("This is too large"),
    415: N_("This kind of file is not taken"),
    422: N_("Something is wrong with what was entered"),
    429: N_("That was too much at once"),
    502: N_("The server does not answer"),
    503: N_("The server does not answer"),
}


def handler_of(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of a route as aiohttp calls it: it needs a person unless the route is open."""

    async def handle(request: web.Request) -> web.StreamResponse:
        visit = open_visit(request)
        person = await visit.load_person()
        if person is None and not route.is_open:
            return _sign_in_first(visit)
        if route.method != "GET":
            await _check_form(visit)
        return await route.handler(visit)

    return handle


def _sign_in_first(visit: Visit) -> web.StreamResponse:
    if visit.request.method != "GET" or "HX-Request" in visit.request.headers:
        answer = visit.render("sign_in_again.html", status=_UNAUTHORIZED, title=N_("Your session has ended"))
    else:
        answer = web.Response(
            status=303, headers={"Location": f"{PREFIX_PATH}/sign-in?next={quote(visit.path, safe='')}"}
        )
    if visit.token is not None:
        answer.del_cookie(SESSION_COOKIE, path=PREFIX_PATH)
    return answer


async def _check_form(visit: Visit) -> None:
    """Refuse a form that no page of ours made for this browser (OWASP: signed double submit).

    Raises:
        HTTPForbidden.
    """
    origin = visit.request.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc not in {
        visit.request.host,
        urlsplit(visit.parts.settings.console_base).netloc,
    }:
        raise web.HTTPForbidden
    given = visit.request.headers.get(CSRF_HEADER)
    if given is None and visit.request.content_type == "application/x-www-form-urlencoded":
        given = (await visit.read_form()).get(CSRF_FIELD)
    given = visit.request.query.get(CSRF_FIELD, "") if given is None else given
    if not visit.is_csrf(given):
        raise web.HTTPForbidden


@web.middleware
async def answer(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer with a page whatever happens, and count it by its route's path."""
    began = time.perf_counter()
    response = await _page(request, handler)
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else "(none)"
    SECONDS.labels(request.method, path, response.status).observe(time.perf_counter() - began)
    if not response.prepared:
        _dress(request, response)
    return response


async def _page(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return _refusal(request, problem)
    except Pending:
        return _visit(request).render("pending.html", status=202)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004  a redirect is no fault
            raise
        return fault_page(_visit(request), error.status)
    except ConnectionError:
        raise
    except Exception:
        log.exception("page_failed", path=request.path)
        return fault_page(_visit(request), _SERVER_FAULT)


def _visit(request: web.Request) -> Visit:
    return request.get(VISIT) or open_visit(request)


def _refusal(request: web.Request, problem: Problem) -> web.StreamResponse:
    visit = _visit(request)
    if problem.status == _UNAUTHORIZED:
        visit.forget_person()
        return _sign_in_first(visit)
    return fault_page(visit, problem.status, problem.field_errors if problem.status < _SERVER_FAULT else [])


def fault_page(visit: Visit, status: int, errors: list[FieldError] | None = None) -> web.StreamResponse:
    """The page that says what is wrong."""
    title = _TITLES.get(status, N_("Something went wrong on our side"))
    return visit.render("fault.html", status=status, title=title, errors=errors or [])


def _dress(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    headers["Server"] = "Ledgerwire"
    if response.content_type != _HTML:
        return
    headers["Content-Security-Policy"] = POLICY
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.enable_compression()
    visit = _visit(request)
    if BROWSER_COOKIE not in request.cookies:
        visit.set_cookie(response, BROWSER_COOKIE, visit.browser, seconds=YEAR_SECONDS)
    if NOTICE_COOKIE in request.cookies:
        response.del_cookie(NOTICE_COOKIE, path=PREFIX_PATH)
