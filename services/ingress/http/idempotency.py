"""Recognise a repeated request: the caller's key, and a hash of the request's content."""

from __future__ import annotations

import hashlib
from typing import Final

from contracts.primitives.problem import FieldError
from ingress.acceptance.store import Key
from ingress.errors import InvalidInput
from ingress.http.body import CREDENTIALS_IN_QUERY
from ingress.http.route import Request

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = {"Idempotency-Replayed": "true"}
KEY_CHARS_MAX: Final = 255


def key_of(call: Request, *, scope: str = "") -> Key | None:
    """The request's key; None without one.

    A key belongs to the account, and identifies a request by its content, not by its credential: a retry with a
    replaced credential, or one presented elsewhere, is the same request. Responses with a secret are the exception:
    they are replayed only to the credential that got them (see `Api.submit` and `Api.run_idempotent`).

    Raises:
        InvalidInput: a key that cannot be stored.
    """
    text = key_text(call)
    return None if text is None else Key(scope, text, _hash_of(call))


def key_text(call: Request) -> str | None:
    """Return the header's value; None without one.

    Raises:
        InvalidInput: a key that cannot be stored.
    """
    text = call.request.headers.get(HEADER)
    if text is None:
        return None
    if not 1 <= len(text) <= KEY_CHARS_MAX or not (text.isascii() and text.isprintable()):
        raise InvalidInput(faults=[FieldError(HEADER, f"must be 1 to {KEY_CHARS_MAX} printable ASCII characters")])
    return text


def _hash_of(call: Request) -> bytes:
    request = call.request
    digest = hashlib.sha256(f"{request.method} {request.path}\0".encode("utf-8", "surrogateescape"))
    requested = sorted((name, value) for name, value in request.query.items() if name not in CREDENTIALS_IN_QUERY)
    digest.update(repr(requested).encode("utf-8", "surrogateescape"))
    digest.update(b"\0")
    digest.update(call.raw)
    return digest.digest()
