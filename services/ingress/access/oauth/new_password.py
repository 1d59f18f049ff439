"""`/oauth/password`: ask for the link of a password reset, and the page behind that link."""

from __future__ import annotations

from typing import Final

from ingress.access import password_reset
from ingress.access.oauth import pages
from ingress.access.oauth.authorize import read_form
from ingress.access.oauth.texts import locale_of
from ingress.access.passwords import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from ingress.errors import InvalidInput, TooManyRequests
from ingress.http.context import Api
from ingress.http.route import Request, Response

NAME_CHARS_MAX: Final = 200  # as the API takes


async def show(_: Api, call: Request) -> Response:
    """GET: the form. The link's secret is not used up, so that a mail scanner that follows it does no harm."""
    if "reset" not in call.request.query:
        return pages.forgotten(_locale(call))
    return pages.new_password(_locale(call), call.request.query["reset"])


async def save(api: Api, call: Request) -> Response:
    """POST of a form: send a link to the person of a name, or change the password by a link."""
    form = await read_form(call)
    if "name" in form:
        return await _send_link(api, call, form["name"].strip()[:NAME_CHARS_MAX])
    reset, password = form.get("reset", ""), form.get("password", "")
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        return pages.new_password(_locale(call), reset, fault="too_short", status=422)
    try:
        await password_reset.redeem(api, call, secret=reset, password=password)
    except InvalidInput:
        return pages.new_password(_locale(call), "", fault="reset_ended", status=422)
    return pages.password_saved(_locale(call))


async def _send_link(api: Api, call: Request, name: str) -> Response:
    try:
        await password_reset.request(api, call, name)
    except TooManyRequests as limited:
        page = pages.forgotten(_locale(call), fault="limited", status=429)
        return Response(429, page.body, {**page.headers, **limited.headers}, page.content_type)
    return pages.link_sent(_locale(call))


def _locale(call: Request) -> str:
    return locale_of(None, call.headers.get("Accept-Language", ""))
