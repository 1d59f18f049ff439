"""What a connection may be, and where a step may go with it. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin, urlsplit

from chassis.egress import EgressPolicy
from contracts.primitives.problem import FieldError
from contracts.resources.connection import ConnectionIn

# These frame or route the message: the client sets them.
REFUSED_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
)
_USUAL_PORTS: Final = {"http": 80, "https": 443}


GOOGLE_SHEETS: Final = "https://sheets.googleapis.com"


def faults(requested: ConnectionIn, egress: EgressPolicy, *, has_folders: bool) -> list[FieldError]:
    """Everything that is wrong with a connection beyond its form, each with its path."""
    found = _place_faults(requested, egress, has_folders=has_folders)
    lower = [name.lower() for name in requested.headers]
    for name in requested.headers:
        if name.lower() in REFUSED_HEADERS:
            found.append(FieldError(f"headers.{name}", "is set by us: leave it out"))
        elif lower.count(name.lower()) > 1:
            found.append(FieldError(f"headers.{name}", "duplicate header (names are case-insensitive)"))
    return found


def _place_faults(requested: ConnectionIn, egress: EgressPolicy, *, has_folders: bool) -> list[FieldError]:
    match requested.kind:
        case "folder" if not has_folders:
            return [FieldError("kind", "there are no folders here: an operator sets LEDGERWIRE_FOLDER_ROOT")]
        case "folder":
            parts = (requested.path or "").split("/")
            return [FieldError("path", "must be names parted by slashes, without . and ..")] if ".." in parts else []
        case "sftp":
            reason = _sftp_fault(requested.url or "", egress)
        case "google_sheets":
            account = requested.service_account
            if account is not None and (fault := egress.allows_url(account.token_uri)):
                return [FieldError("service_account.token_uri", fault)]
            reason = egress.allows_url(requested.url) if requested.url else None
        case "s3":
            reason = egress.allows_url(requested.url or "") or _bucket_fault(requested.url or "")
        case _:
            reason = egress.allows_url(requested.url or "")
    return [FieldError("url", reason)] if reason else []


def _bucket_fault(url: str) -> str | None:
    parts = urlsplit(url)
    if not parts.path.strip("/"):
        return "must name the bucket: https://server/bucket or https://server/bucket/prefix"
    return "must not have a query" if parts.query else None


def _sftp_fault(url: str, egress: EgressPolicy) -> str | None:
    if not url.startswith("sftp://"):
        return "must be a URL such as sftp://server:22/folder"
    # Judged as https is: where a name leads is judged again at each connection.
    return egress.allows_url(f"https{url.removeprefix('sftp')}")


def shown_origin(requested: ConnectionIn) -> str:
    """The displayed server or folder of a connection."""
    match requested.kind:
        case "folder":
            return f"folder:{(requested.path or '').strip('/')}"
        case "google_sheets":
            return origin_of(requested.url or GOOGLE_SHEETS)
        case _:
            return origin_of(requested.url or "")


def origin_of(url: str) -> str:
    """The displayed server of a URL: `https://hooks.example` or `http://10.0.0.5:8080`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def target_of(base: str, requested: str | None) -> str | None:
    """The URL of a step: the connection's own, or `asked` relative to it; None when that is on another server.

    Credentials are never sent to another server, whatever URL a template makes.
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
