"""Discovery: the metadata of RFC 8414 and RFC 9728, and registration (RFC 7591)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.primitives.problem import field_errors
from ingress.access.oauth.authorize import issuer_of
from ingress.access.oauth.clients import create_client
from ingress.access.oauth.rules import OAuthError
from ingress.access.oauth.tokens import error_answer
from ingress.http.body import parse_json, read_bytes
from ingress.http.context import Api
from ingress.http.route import MCP_PATH, Request, Response
from ingress.scopes import MCP_SCOPES, SCOPES, Scope

_METHODS: Final = ("none", "client_secret_basic", "client_secret_post")
_GRANT_TYPES: Final = ("authorization_code", "refresh_token")


class Registration(BaseModel):
    """The metadata of a client; unknown fields are ignored (RFC 7591, 2)."""

    model_config = ConfigDict(strict=True)

    redirect_uris: list[str]
    client_name: str = "An application"
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105  the default of RFC 7591
    grant_types: list[str] = ["authorization_code"]
    response_types: list[str] = ["code"]


async def authorization_server(api: Api, _: Request) -> Response:
    """GET `/.well-known/oauth-authorization-server` (RFC 8414, 2)."""
    issuer = issuer_of(api)
    return Response(
        200,
        {
            "issuer": issuer,
            "authorization_endpoint": issuer + "/oauth/authorize",
            "token_endpoint": issuer + "/oauth/token",
            "revocation_endpoint": issuer + "/oauth/revoke",
            "registration_endpoint": issuer + "/oauth/register",
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": _GRANT_TYPES,
            "token_endpoint_auth_methods_supported": _METHODS,
            "revocation_endpoint_auth_methods_supported": _METHODS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "ui_locales_supported": ["en", "fr", "es"],
            "service_documentation": issuer + "/docs",
        },
    )


async def protected_resource(api: Api, _: Request) -> Response:
    """GET `/.well-known/oauth-protected-resource` (RFC 9728, 2)."""
    return _resource(api, "", SCOPES)


async def mcp_resource(api: Api, _: Request) -> Response:
    """GET `/.well-known/oauth-protected-resource/mcp` (RFC 9728, 3.1): assistants ask for the scopes listed here."""
    return _resource(api, MCP_PATH, MCP_SCOPES)


def _resource(api: Api, path: str, scopes: Sequence[Scope]) -> Response:
    issuer = issuer_of(api)
    return Response(
        200,
        {
            "resource": issuer + path,
            "authorization_servers": [issuer],
            "scopes_supported": scopes,
            "bearer_methods_supported": ["header"],
            "resource_documentation": issuer + "/docs",
        },
    )


async def register(api: Api, call: Request) -> Response:
    """POST `/oauth/register` (RFC 7591, 3): registration is open, within the rate of the address."""
    api.limits.sign_in_address.admit(call.request.remote)
    raw = await read_bytes(call)
    try:
        metadata = _read(parse_json(raw, call.headers.get("Content-Type", "")))
        confidential = metadata.token_endpoint_auth_method in _METHODS[1:]
        made = await create_client(
            api.pool, metadata.client_name, metadata.redirect_uris, confidential=confidential,
            registered_from=call.request.remote or "unknown",
        )  # fmt: skip
    except OAuthError as fault:
        return error_answer(fault)
    more = {"client_id_issued_at": int(time.time())} | ({"client_secret_expires_at": 0} if confidential else {})
    return Response(201, metadata.model_dump() | made | more)


def _read(given: Any) -> Registration:
    try:
        metadata = Registration.model_validate(given)
    except ValidationError as error:
        fault = field_errors(error)[0]
        kind = "invalid_redirect_uri" if fault.path.startswith("redirect_uris") else "invalid_client_metadata"
        raise OAuthError(kind, f"{fault.path or 'the body'} {fault.message}") from None
    if metadata.token_endpoint_auth_method not in _METHODS:
        raise OAuthError("invalid_client_metadata", f"token_endpoint_auth_method must be one of {', '.join(_METHODS)}")
    if not set(metadata.grant_types) <= set(_GRANT_TYPES) or metadata.response_types != ["code"]:
        raise OAuthError(
            "invalid_client_metadata", "grant_types are authorization_code and refresh_token, response_types code"
        )
    return metadata
