"""Sign in through `/oauth` with PKCE as a first-party client: begin, come back with a code, end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

import orjson
from aiohttp import web

from console.api_client import Problem
from console.i18n import N_
from console.settings import PREFIX_PATH
from console.visit import SESSION_COOKIE, Route, Visit, safe_path

CLIENT_ID: Final = "ledgerwire-console"
FLOW_COOKIE: Final = "ledgerwire_console_flow"
FLOW_SECONDS: Final = 1_800  # to find one's password
SCOPES: Final = "read write automate admin"
_CANNOT: Final = N_("You could not be signed in")


async def begin(visit: Visit) -> web.StreamResponse:
    """Send the browser to the sign-in page of the API, which comes back to `callback`."""
    if (await visit.api.get("/v1/setup"))["needed"]:
        return visit.render("set_up_needed.html", status=503)
    settings = visit.parts.settings
    if settings.needs_https:
        return visit.render("needs_https.html", status=503, url=settings.console_base)
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": f"{settings.console_base}/callback",
        "scope": SCOPES, "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
        "ui_locales": visit.locale,
    }  # fmt: skip
    answer = web.Response(
        status=303, headers={"Location": f"{settings.public_base}/oauth/authorize?{urlencode(query)}"}
    )
    flow = {"state": state, "verifier": verifier, "next": safe_path(visit.request.query.get("next", ""))}
    visit.set_encrypted_cookie(answer, FLOW_COOKIE, orjson.dumps(flow).decode(), seconds=FLOW_SECONDS)
    return answer


async def come_back(visit: Visit) -> web.StreamResponse:
    """Redeem the code that the browser brings, once its state and issuer are right (RFC 9700, 4.7; RFC 9207)."""
    given, flow = visit.request.query, orjson.loads(visit.open_cookie(FLOW_COOKIE) or "{}")
    settings = visit.parts.settings
    known = hmac.compare_digest(given.get("state", "").encode(), str(flow.get("state", "")).encode())
    if not flow or not known or given.get("iss", settings.public_base) != settings.public_base:
        return visit.render("sign_in_again.html", status=400, title=_CANNOT)
    if "code" not in given:
        return visit.render("sign_in_again.html", status=403, title=_CANNOT)
    form = {
        "grant_type": "authorization_code", "client_id": CLIENT_ID, "code": given["code"],
        "redirect_uri": f"{settings.console_base}/callback", "code_verifier": flow["verifier"],
    }  # fmt: skip
    try:
        tokens = await visit.api.exchange("/oauth/token", form)
    except Problem:
        return visit.render("sign_in_again.html", status=400, title=_CANNOT)
    answer = visit.go(flow["next"])
    visit.set_encrypted_cookie(answer, SESSION_COOKIE, tokens["access_token"])
    answer.del_cookie(FLOW_COOKIE, path=PREFIX_PATH)
    return answer


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End the session here and at the API."""
    if visit.token is not None:
        with suppress(Problem):  # it has ended already, or ends by itself
            await visit.api.send("DELETE", "/v1/session")
    visit.forget_person()
    visit.token = visit.person = None
    answer = visit.render("signed_out.html")
    answer.del_cookie(SESSION_COOKIE, path=PREFIX_PATH)
    return answer


ROUTES: Final = (
    Route("GET", "/sign-in", begin, is_open=True),
    Route("GET", "/callback", come_back, is_open=True),
    Route("POST", "/sign-out", sign_out, is_open=True),
)
