"""`/oauth/password`: the page behind the link of a password reset."""

from __future__ import annotations

from ingress.access import password_reset
from ingress.access.oauth import pages
from ingress.access.oauth.authorize import read_form
from ingress.access.oauth.texts import locale_of
from ingress.access.passwords import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request, Response


async def show(_: Api, call: Request) -> Response:
    """GET: the form. The link's secret is not used up, so that a mail scanner that follows it does no harm."""
    return pages.new_password(_locale(call), call.request.query.get("reset", ""))


async def save(api: Api, call: Request) -> Response:
    """POST of the form: change the password, or show the error on the page."""
    form = await read_form(call)
    reset, password = form.get("reset", ""), form.get("password", "")
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        return pages.new_password(_locale(call), reset, fault="too_short", status=422)
    try:
        await password_reset.redeem(api, call, secret=reset, password=password)
    except InvalidInput:
        return pages.new_password(_locale(call), "", fault="reset_ended", status=422)
    return pages.password_saved(_locale(call))


def _locale(call: Request) -> str:
    return locale_of(None, call.headers.get("Accept-Language", ""))
