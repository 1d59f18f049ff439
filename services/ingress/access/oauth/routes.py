"""The endpoints of OAuth. Metadata describes them (RFC 8414), and the OpenAPI document names them as a flow."""

from __future__ import annotations

from typing import Final

from ingress.access.oauth import authorize, metadata, new_password, tokens
from ingress.access.oauth.pages import STYLE
from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response, Route

BODY_BYTES_MAX: Final = 64 * 1024  # forms of a few short fields


async def _style(_: Api, __: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(200, STYLE.encode(), headers, "text/css; charset=utf-8")


def _posted(path: str, name: str, handler: Handler, summary: str) -> Route:
    return Route("POST", path, name, handler, None, summary, request_type="bytes", body_bytes_max=BODY_BYTES_MAX)


ROUTES: Final = (
    Route("GET", "/oauth/authorize", "showConsent", authorize.show, None, "Ask a person for consent"),
    _posted("/oauth/authorize", "decideConsent", authorize.decide, "Allow or refuse"),
    _posted("/oauth/sign-in", "signIn", authorize.sign_in, "Sign in before consent"),
    Route("GET", "/oauth/password", "showNewPassword", new_password.show, None, "Ask for a link, or use it"),
    _posted("/oauth/password", "saveNewPassword", new_password.save, "Send the link, or save the new password"),
    _posted("/oauth/token", "giveTokens", tokens.token, "Tokens for a code or a refresh token"),
    _posted("/oauth/revoke", "revokeToken", tokens.revoke, "Revoke a token and its grant"),
    _posted("/oauth/register", "registerClient", metadata.register, "Register a client"),
    Route("GET", "/oauth/style.css", "getStyle", _style, None, "The style of the pages"),
    Route(
        "GET", "/.well-known/oauth-authorization-server", "getServerMetadata", metadata.authorization_server, None,
        "Metadata of the authorization server",
    ),
    Route(
        "GET", "/.well-known/oauth-protected-resource", "getResourceMetadata", metadata.protected_resource, None,
        "Metadata of the API",
    ),
    Route(
        "GET", "/.well-known/oauth-protected-resource/mcp", "getMcpMetadata", metadata.mcp_resource, None,
        "Metadata of the endpoint for assistants",
    ),
)  # fmt: skip
