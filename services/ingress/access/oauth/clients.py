"""Create OAuth clients: by an operator's command, or by dynamic registration (RFC 7591)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final

from ingress.access.credentials import SECRET_BYTES, digest
from ingress.access.oauth import store
from ingress.access.oauth.rules import Client, OAuthError, uri_fault
from storage.pool import Pool

NAME_CHARS_MAX: Final = 200  # shown in one line of the consent page
URIS_MAX: Final = 10  # one for each environment of the program


CONSOLE_CLIENT_ID: Final = "ledgerwire-console"
"""The id under which every installation's console signs people in."""


async def put_console(pool: Pool, console_url: str) -> None:
    """Let the console at this URL sign people in: a first-party client without a secret, held by PKCE."""
    client = Client(CONSOLE_CLIENT_ID, "Ledgerwire", None, [f"{console_url}/callback"], first_party=True)
    await store.put_client(pool, client)


async def create_client(
    pool: Pool, name: str, redirect_uris: Sequence[str], *, confidential: bool, first_party: bool = False,
    registered_from: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Create a client; return `client_id`, and `client_secret` if it is confidential: shown only once.

    Raises:
        OAuthError: the name or a URI is wrong, or too many clients are registered.
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise OAuthError("invalid_client_metadata", f"client_name must have 1 to {NAME_CHARS_MAX} printable characters")
    if not 1 <= len(redirect_uris) <= URIS_MAX:
        raise OAuthError("invalid_redirect_uri", f"redirect_uris must hold 1 to {URIS_MAX} URIs")
    for uri in redirect_uris:
        if fault := uri_fault(uri):
            raise OAuthError("invalid_redirect_uri", f"a redirect URI {fault}")
    secret = secrets.token_urlsafe(SECRET_BYTES) if confidential else None
    client = Client(
        "lwc_" + secrets.token_hex(10), name, digest(secret) if secret else None, redirect_uris, first_party
    )
    if not await store.insert_client(pool, client, registered_from=registered_from):
        raise OAuthError("temporarily_unavailable", "too many clients have registered: ask the operator", status=503)
    return {"client_id": client.id} | ({"client_secret": secret} if secret else {})
