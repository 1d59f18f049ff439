"""Make a step's output of what a server answered: JSON and text as values, everything else as the bytes that it is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson

from action_executor.connections.secrets import Secrets
from action_executor.foreign_text import clean_text
from action_executor.http_client import OutboundResponse
from action_executor.runs import files
from action_executor.runs.records import Run
from contracts.strict_json import JsonRefused, read_json
from storage.pool import Pool
from templates.filling import DATA_BYTES_MAX

HEADERS_MAX: Final = 50
HEADER_CHARACTERS_MAX: Final = 1_000
TYPE_CHARACTERS_MAX: Final = 200
NAME_CHARACTERS_MAX: Final = 200
SHOWN_BYTES_MAX: Final = DATA_BYTES_MAX - 2 * HEADERS_MAX * HEADER_CHARACTERS_MAX
"""A larger body becomes a file, so that an output never exceeds its bound."""

REDACTED_BYTES_MAX: Final = 1024 * 1024
"""Secrets are looked for in files up to this size: what is larger is sent on and never result."""

_TEXT_TYPES: Final = frozenset(
    {"", "application/xml", "application/x-www-form-urlencoded", "application/javascript", "application/x-ndjson",
     "application/yaml", "application/graphql", "application/ld+json", "application/problem+json"}
)  # fmt: skip
_NOTHING: Final = object()


async def output(pool: Pool, run: Run, answer: OutboundResponse, secrets: Secrets, url: str) -> dict[str, Any]:
    """`{"status", "headers", "body"}`, without what we sent as a secret.

    `body` is JSON's value, a text, or `{"file": ...}` (see `files.keep`). `truncated` is true when the answer did not
    come to its end; a file that is not whole is null.
    """
    given = list(answer.headers.items())[:HEADERS_MAX]
    headers = {secrets.redact(name.lower())[:HEADER_CHARACTERS_MAX]: secrets.redact(value) for name, value in given}
    result: dict[str, Any] = {
        "status": answer.status,
        "headers": {name: value[:HEADER_CHARACTERS_MAX] for name, value in headers.items()},
        "body": await _body(pool, run, answer, secrets, url),
    }
    if not answer.whole:
        result["truncated"] = True
    return result


async def _body(pool: Pool, run: Run, answer: OutboundResponse, secrets: Secrets, url: str) -> Any:
    found = secrets.redact(value_of(answer)) if len(answer.body) <= SHOWN_BYTES_MAX else _NOTHING
    if found is not _NOTHING and len(orjson.dumps(found)) <= SHOWN_BYTES_MAX:
        return found
    if not answer.whole:
        return None
    kind = clean_text(answer.headers.get("Content-Type", ""))[:TYPE_CHARACTERS_MAX] or "application/octet-stream"
    name = secrets.redact(clean_text(unquote(PurePosixPath(urlsplit(url).path).name)))[:NAME_CHARACTERS_MAX]
    content = secrets.redact_bytes(answer.body) if len(answer.body) <= REDACTED_BYTES_MAX else answer.body
    return await files.keep(pool, run, files.File(kind, content), name or "file")


def value_of(answer: OutboundResponse) -> Any:
    """A body as JSON or text, or a mark that it is neither."""
    kind, _, parameters = answer.headers.get("Content-Type", "").partition(";")
    kind = kind.strip().lower()
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _NOTHING
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return read_json(answer.body, numbers="text")
        except JsonRefused:
            return _text(answer.body, "utf-8")
    if kind.startswith("text/") or kind.endswith("+xml") or kind in _TEXT_TYPES:
        return _text(answer.body, _charset(parameters))
    return _NOTHING if answer.body else ""


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return "utf-8"


def _text(body: bytes, charset: str) -> Any:
    try:
        text = body.decode(charset)
    except (ValueError, LookupError):
        return _NOTHING
    return text if "\x00" not in text and clean_text(text) == text else _NOTHING
