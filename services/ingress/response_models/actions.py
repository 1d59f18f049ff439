"""The shapes of what actions output that no resource has."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from contracts.resources.output import ResponseModel


class HttpRequestResult(ResponseModel):
    """A server's answer: `body` is JSON, a text, or a file; `truncated` is there when it did not come to its end."""

    status: int
    headers: dict[str, str]
    body: Any
    truncated: bool | None = None


class SentEmail(ResponseModel):
    """A mail that a server has taken, and for which of its recipients."""

    message_id: str | None
    accepted: list[str]


class SentSms(ResponseModel):
    """A text message that the gateway has taken."""

    message_id: str | None
    to: str


class PostedChatMessage(ResponseModel):
    """The chat's answer."""

    status: int


class StoredFile(ResponseModel):
    """Where a file is; `stored` is false where the same content was there under this name already."""

    location: str
    name: str
    bytes: int
    sha256: str
    stored: bool


class AppendedRow(ResponseModel):
    """Where a row is, the columns' line being 1; `added` is false where it was there already."""

    file: str
    sheet: str | None
    row: int | None
    added: bool


class DirectReceipt(ResponseModel):
    """What the other side answered; null where it does not say."""

    status: int
    sale_id: UUID
    message_id: str | None
    duplicate: bool | None


class FilterResult(ResponseModel):
    """Whether the condition holds."""

    passed: bool


class DelayResult(ResponseModel):
    """When a delay that began now would end."""

    until: dt.datetime
