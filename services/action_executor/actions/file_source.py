"""Get the file that a step names: from a URL, an earlier step, a sales document, or its own input."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

from action_executor.actions.context import StepContext
from action_executor.actions.sale_files import MadeFile, NotMade, make_sale_file
from action_executor.foreign_text import clean_text
from action_executor.http_client import OutboundRequest, TransportError
from action_executor.runs import files
from action_executor.runs.files import FILE_BYTES_MAX
from action_executor.runs.records import Failed, StepCall, wrong_input

FETCH_SECONDS: Final = 60.0  # 20 MiB over a slow line
NAME_CHARACTERS_MAX: Final = 200  # as files of runs
BINARY: Final = "application/octet-stream"
_PASSING: Final = frozenset({408, 425, 429})


async def load(call: StepCall, context: StepContext, given: Mapping[str, Any], path: str = "") -> MadeFile | Failed:
    """The file that `given` (a `FileSource`) names; `path` leads to it in the input, with a dot at its end."""
    account_id = call.run.account_id
    if (sale_id := given.get("sale_id")) is not None:
        return await _sale(context, account_id, UUID(str(sale_id)), given.get("format", "pdf"), f"{path}sale_id")
    if (text := given.get("content")) is not None:
        return MadeFile("text.txt", "text/plain; charset=utf-8", str(text).encode())
    if (encoded := given.get("content_base64")) is not None:
        return _decoded(str(encoded), f"{path}content_base64")
    file = given.get("file")
    if isinstance(file, str):
        return await fetch(context, account_id, file, f"{path}file")
    return await _kept(context, account_id, file, f"{path}file")


async def fetch(context: StepContext, account_id: UUID, url: str, path: str) -> MadeFile | Failed:
    """The file at a URL; one of our own sales documents is made rather than fetched, as it needs credentials."""
    own = context.urls.sale_of_pdf(url)
    if own is not None:
        return await _sale(context, account_id, own, "pdf", path)
    answer = await context.http_client.call(
        OutboundRequest("GET", url, {"Accept": "*/*"}, None, FILE_BYTES_MAX, timeout_seconds=FETCH_SECONDS)
    )
    if isinstance(answer, TransportError):
        return wrong_input(path, answer.reason, retryable=not (answer.refused or answer.answered))
    if not 200 <= answer.status < 300:  # noqa: PLR2004  HTTP's "success"
        passing = answer.status >= 500 or answer.status in _PASSING  # noqa: PLR2004  HTTP's "server's fault"
        return wrong_input(path, f"its server answered {answer.status}", retryable=passing)
    if not answer.whole:
        broken = answer.fault is not None
        reason = "did not come whole" if broken else f"is larger than {FILE_BYTES_MAX // 1024**2} MiB"
        return wrong_input(path, reason, retryable=broken)
    kind = clean_text(answer.headers.get("Content-Type", ""))[:NAME_CHARACTERS_MAX] or BINARY
    return MadeFile(name_in(url), kind, answer.body)


def name_in(url: str) -> str:
    """The name of a file by its URL."""
    return clean_text(unquote(PurePosixPath(urlsplit(url).path).name))[:NAME_CHARACTERS_MAX] or "file"


def describe(given: Mapping[str, Any]) -> dict[str, Any]:
    """Where a file would come from, for a dry run: nothing is fetched."""
    return {name: given[name] for name in ("file", "sale_id", "format") if given.get(name) is not None}


async def _sale(context: StepContext, account_id: UUID, sale_id: UUID, kind: Any, path: str) -> MadeFile | Failed:
    try:
        return await make_sale_file(context.pool, context.urls, account_id=account_id, sale_id=sale_id, kind=kind)
    except NotMade as error:
        return wrong_input(path, str(error))


async def _kept(context: StepContext, account_id: UUID, file: Any, path: str) -> MadeFile | Failed:
    value = {"file": file} if isinstance(file, dict) and "file" not in file else file
    if not files.is_file(value):
        return wrong_input(path, "must be a URL, or the file that an earlier step's output has")
    found = await files.find(context.pool, account_id, value)
    if found is None:
        return wrong_input(path, "this file is not kept any more: fetch it again in a step before this one")
    return MadeFile(str(value["file"]["name"])[:NAME_CHARACTERS_MAX], found.content_type, found.content)


def _decoded(text: str, path: str) -> MadeFile | Failed:
    try:
        return MadeFile("file", BINARY, b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return wrong_input(path, "must be base64")
