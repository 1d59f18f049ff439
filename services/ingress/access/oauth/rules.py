"""Decide about authorization requests: redirect URIs, PKCE and scopes. Pure; each rule with its source."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from ingress.scopes import SCOPES, Scope

URI_CHARS_MAX: Final = 2_000  # longest URL that common servers and proxies take
STATE_CHARS_MAX: Final = 1_000  # it comes back in a URL
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)  # RFC 7636, 4.1
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # of SHA-256
_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+", re.ASCII)


class OAuthError(Exception):
    """A request that OAuth refuses: a code of RFC 6749 (4.1.2.1, 5.2), RFC 7591 (3.2.2) or RFC 8707 (2)."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may ask for consent."""

    id: str
    name: str
    secret_hash: bytes | None
    redirect_uris: Sequence[str]
    first_party: bool


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid request for consent."""

    client: Client
    redirect_uri: str
    state: str | None
    scopes: list[Scope]
    code_challenge: str


def uri_fault(uri: str) -> str | None:
    """Return why a URI cannot be registered; None when it can.

    https, http on a loopback address (RFC 8252, 7.3), private schemes (7.1); no fragment (RFC 6749, 3.1.2).
    """
    if len(uri) > URI_CHARS_MAX or not uri.isascii() or not uri.isprintable() or " " in uri:
        return f"must be an absolute URI of at most {URI_CHARS_MAX} ASCII characters"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be an absolute URI"
    if "#" in uri or "@" in parts.netloc:
        return "must have no fragment (RFC 6749, 3.1.2), user name or password"
    is_web = (parts.scheme == "https" and host) or (parts.scheme == "http" and host in _LOOPBACK | {"localhost"})
    if is_web or _PRIVATE_SCHEME.fullmatch(parts.scheme):
        return None
    return "must be https, http on a loopback address, or a private scheme such as com.example.app"


def redirect_uri_of(client: Client, given: str | None) -> str | None:
    """Return the URI to send the browser back to; None when it is not registered.

    Exact comparison (RFC 9700, 4.1.3); a program on a person's own machine takes a free port of its loopback address
    (RFC 8252, 7.3), and is no confidential client. A first-party client needs no consent, so that its URI is exact.
    It may be left out where one is registered (RFC 6749, 3.1.2.3).
    """
    if given is None:
        return client.redirect_uris[0] if len(client.redirect_uris) == 1 else None
    if given in client.redirect_uris:
        return given
    if client.secret_hash is None and not client.first_party and (plain := _any_port(given)):
        return given if plain in map(_any_port, client.redirect_uris) else None
    return None


def _any_port(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        if parts.scheme == "http" and parts.hostname in _LOOPBACK and "@" not in parts.netloc:
            return parts._replace(netloc=parts.hostname or "").geturl()
    except ValueError:
        pass
    return None


def read_request(
    client: Client, redirect_uri: str, given: Mapping[str, str], resources: Collection[str]
) -> AuthorizationRequest:
    """Read the parameters of an authorization request whose client and redirect URI are right.

    Raises:
        OAuthError: to be sent back to the redirect URI.
    """
    if given.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    if given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(given.get("code_challenge", "")):
        raise OAuthError("invalid_request", "code_challenge with code_challenge_method=S256 is required (RFC 7636)")
    if len(given.get("state", "")) > STATE_CHARS_MAX:
        raise OAuthError("invalid_request", f"state must have at most {STATE_CHARS_MAX} characters")
    check_resource(given.get("resource"), resources)
    scopes = scopes_of(given.get("scope"))
    return AuthorizationRequest(client, redirect_uri, given.get("state"), scopes, given["code_challenge"])


def check_resource(resource: str | None, known: Collection[str]) -> None:
    """Refuse tokens for another server (RFC 8707, 2).

    Raises:
        OAuthError: invalid_target.
    """
    if resource is not None and resource.rstrip("/") not in known:
        raise OAuthError("invalid_target", "resource must be this server")


def scopes_of(text: str | None) -> list[Scope]:
    """The scopes that a request names, in their usual order; `read` where it names none (RFC 6749, 3.3).

    Raises:
        OAuthError: invalid_scope.
    """
    named = (text or "read").split(" ")
    if unknown := [one for one in named if one not in SCOPES]:
        raise OAuthError("invalid_scope", f"the scopes are {', '.join(SCOPES)}, not {unknown[0][:40]!r}")
    return [scope for scope in SCOPES if scope in named]


def verifies(code_challenge: str, code_verifier: str) -> bool:
    """Whether the verifier matches the challenge (RFC 7636, 4.6)."""
    if not _VERIFIER.fullmatch(code_verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, code_challenge)


def answer_uri(redirect_uri: str, issuer: str, state: str | None, **answer: str) -> str:
    """The redirect URI with a response: its query stays (RFC 6749, 3.1.2), `iss` is the issuer (RFC 9207, 2)."""
    given = answer | ({"state": state} if state is not None else {}) | {"iss": issuer}
    return redirect_uri + ("&" if urlsplit(redirect_uri).query else "?") + urlencode(given)
