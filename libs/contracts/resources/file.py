"""Files of messages and bills, and the URL of each."""

from __future__ import annotations

from typing import Any

from contracts.resources.output import ResponseModel, Row


class File(ResponseModel):
    """A file of a message or bill; `content_type` follows from its bytes, `sha256` is their hash, `url` serves them."""

    name: str
    content_type: str
    size: int
    sha256: str
    url: str


def from_row(kept: Row | None, url: str) -> dict[str, Any] | None:
    """A file of a message or bill, with its URL."""
    if kept is None:
        return None
    return {name: kept[name] for name in ("name", "content_type", "size", "sha256")} | {"url": url}
