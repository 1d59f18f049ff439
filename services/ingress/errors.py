"""What a request can be refused for: each error's docstring is its title, its code is for machines.

They become RFC 9457 problems in one place, `ingress.http.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from contracts.primitives.problem import FieldError


class ApiError(Exception):
    """Something went wrong on our side."""

    code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500

    def __init__(
        self, detail: str = "", *, faults: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail, self.faults, self.headers = detail, faults, dict(headers or {})

    @property
    def title(self) -> str:
        """The docstring's first line."""
        return (type(self).__doc__ or "").partition("\n")[0]


class Malformed(ApiError):
    """The request cannot be read."""

    code, http_status = "malformed", 400


class Unauthorized(ApiError):
    """Credentials are missing or wrong."""

    code, http_status = "unauthorized", 401


class Forbidden(ApiError):
    """These credentials do not reach so far."""

    code, http_status = "forbidden", 403


class NotFound(ApiError):
    """There is nothing here."""

    code, http_status = "not_found", 404


class MethodNotAllowed(ApiError):
    """This path has other verbs."""

    code, http_status = "method_not_allowed", 405


class TooSlow(ApiError):
    """The request did not arrive in time."""

    code, http_status = "request_timeout", 408


class Conflict(ApiError):
    """The state of things forbids this."""

    code, http_status = "conflict", 409


class LimitReached(Conflict):
    """There are as many of these as there may be."""

    code = "limit_reached"


class SecretNotKept(Conflict):
    """The first answer held a secret that was not kept."""

    code = "secret_not_kept"


class PreconditionFailed(ApiError):
    """This was changed since: GET it again, and decide anew."""

    code, http_status = "precondition_failed", 412


class BodyTooLarge(ApiError):
    """The body is over the limit."""

    code, http_status = "body_too_large", 413


class UnsupportedMediaType(ApiError):
    """This content type is not read here."""

    code, http_status = "unsupported_media_type", 415


class InvalidInput(ApiError):
    """The input has faults."""

    code, http_status = "invalid_input", 422


class ImportAborted(ApiError):
    """A line of the file is bad, and nothing was taken."""

    code, http_status = "import_aborted", 422


class KeyReused(ApiError):
    """This Idempotency-Key was used with another request."""

    code, http_status = "idempotency_key_reused", 422


class TooManyRequests(ApiError):
    """There were too many requests in a short time."""

    code, http_status = "too_many_requests", 429


class Unavailable(ApiError):
    """This cannot be done right now."""

    code, http_status = "unavailable", 503
