"""What a connection may be, and where a step may go with it. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin, urlsplit

from chassis.egress import EgressPolicy
from contracts.primitives.problem import FieldError
from contracts.resources.connection import ConnectionIn

# These say how the message is framed or whom it is for: that is ours to say.
REFUSED_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
)
_USUAL_PORTS: Final = {"http": 80, "https": 443}


def faults(requested: ConnectionIn, egress: EgressPolicy) -> list[FieldError]:
    """Everything that is wrong with a connection beyond its form, each with its path."""
    found = [FieldError("url", reason)] if (reason := egress.allows_url(requested.url)) else []
    lower = [name.lower() for name in requested.headers]
    for name in requested.headers:
        if name.lower() in REFUSED_HEADERS:
            found.append(FieldError(f"headers.{name}", "is set by us: leave it out"))
        elif lower.count(name.lower()) > 1:
            found.append(FieldError(f"headers.{name}", "duplicate header (names are case-insensitive)"))
    return found


def origin_of(url: str) -> str:
    """The server of a URL, as it is shown: `https://hooks.example` or `http://10.0.0.5:8080`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def target_of(base: str, requested: str | None) -> str | None:
    """The URL a step goes to: the connection's own, or `asked` seen from there; None when that is another server's.

    What lets us in somewhere is never sent anywhere else, whatever a template made of the URL.
    """
    if not requested:
        return base
    url = urljoin(base, requested)
    return url if _server(url) == _server(base) else None


def _server(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _USUAL_PORTS.get(parts.scheme)
    except ValueError:
        return None
