"""What a request can be refused for: each error's docstring is its title, its code is for machines.

They become RFC 9457 problems in one place, `ingress.http.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from contracts.primitives.problem import FieldError, detail_of


class ApiError(Exception):
    """Internal server error."""

    code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500

    def __init__(
        self, detail: str = "", *, faults: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.detail, self.faults, self.headers = detail or detail_of(faults), faults, dict(headers or {})
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        """The docstring's first line."""
        return (type(self).__doc__ or "").partition("\n")[0].rstrip(".")


class Malformed(ApiError):
    """The request cannot be read."""

    code, http_status = "malformed", 400


class Unauthorized(ApiError):
    """Credentials are missing or wrong."""

    code, http_status = "unauthorized", 401


class SecondFactorRequired(Unauthorized):
    """The password is right; a code of the second factor is needed as well."""

    code = "second_factor_required"


class Forbidden(ApiError):
    """The credentials lack the scope for this."""

    code, http_status = "forbidden", 403


class QuotaExceeded(ApiError):
    """The plan's limit is reached."""

    code, http_status = "quota_exceeded", 403


class NotFound(ApiError):
    """Not found."""

    code, http_status = "not_found", 404


class MethodNotAllowed(ApiError):
    """Method not allowed."""

    code, http_status = "method_not_allowed", 405


class TooSlow(ApiError):
    """The request body did not arrive in time."""

    code, http_status = "request_timeout", 408


class Conflict(ApiError):
    """The current state does not allow this."""

    code, http_status = "conflict", 409


class LimitReached(Conflict):
    """The limit on the number of these is reached."""

    code = "limit_reached"


class SecretNotKept(Conflict):
    """The first response contained a secret and is no longer available."""

    code = "secret_not_kept"


class PreconditionFailed(ApiError):
    """Precondition failed: the object has changed; GET it again."""

    code, http_status = "precondition_failed", 412


class BodyTooLarge(ApiError):
    """The body is over the limit."""

    code, http_status = "body_too_large", 413


class UnsupportedMediaType(ApiError):
    """Unsupported content type."""

    code, http_status = "unsupported_media_type", 415


class InvalidInput(ApiError):
    """The input is invalid."""

    code, http_status = "invalid_input", 422


class ImportAborted(ApiError):
    """A line of the file is bad, and nothing was imported."""

    code, http_status = "import_aborted", 422


class KeyReused(ApiError):
    """This Idempotency-Key was used with another request."""

    code, http_status = "idempotency_key_reused", 422


class TooManyRequests(ApiError):
    """Too many requests."""

    code, http_status = "too_many_requests", 429


class Unavailable(ApiError):
    """Temporarily unavailable."""

    code, http_status = "unavailable", 503
