"""`ledgerwire import` and `ledgerwire export`: files into an installation and out of it, over its API."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp

URL_DEFAULT: Final = "http://127.0.0.1:8080"
LOOK_SECONDS: Final = 0.5
PART_BYTES: Final = 64 * 1024
FAULTS_SHOWN_MAX: Final = 20
_ERROR: Final = 400

# No total timeout: an export has no bounded size.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)


class Refused(ValueError):
    """The API refused the request; the message is its own."""


def add_commands(commands: Any) -> None:
    """Add both to the command line."""
    coming = commands.add_parser("import", help="import clients or products from a file; shows progress and bad lines")
    coming.add_argument("file", type=Path)
    coming.add_argument("--kind", choices=("clients", "products"), required=True)
    coming.add_argument("--format", choices=("csv", "jsonl"), default=None, help="by the file's ending when left out")
    coming.add_argument(
        "--on-error", choices=("skip", "abort"), default="skip", help="skip bad lines, or import nothing"
    )
    coming.add_argument(
        "--on-conflict",
        choices=("error", "update", "return"),
        default="error",
        help="what happens to existing ones",
    )
    coming.add_argument("--again", action="store_true", help="also when this very file was imported just now")
    going = commands.add_parser("export", help="export everything of a kind as CSV or JSON lines")
    going.add_argument("kind", choices=("clients", "products", "suppliers", "sales", "payments"))
    going.add_argument("--format", choices=("csv", "jsonl"), default="csv")
    going.add_argument("--output", type=Path, default=None, help="a file (default: standard output)")
    for one in (coming, going):
        add_connection(one)


def add_connection(one: argparse.ArgumentParser) -> None:
    """Add the options that say which installation, and as whom."""
    url = os.environ.get("LEDGERWIRE_API_URL", URL_DEFAULT)
    one.add_argument("--url", default=url, help=f"the installation (LEDGERWIRE_API_URL, {URL_DEFAULT})")
    one.add_argument("--token", default=os.environ.get("LEDGERWIRE_TOKEN"), help="an access token (LEDGERWIRE_TOKEN)")


async def import_file(requested: argparse.Namespace) -> int:
    """Send the file and wait for the import; print its result as one JSON object. 1 when a line was refused."""
    form = requested.format or ("jsonl" if requested.file.suffix in {".jsonl", ".ndjson"} else "csv")
    query = {
        "kind": requested.kind,
        "format": form,
        "on_error": requested.on_error,
        "on_conflict": requested.on_conflict,
    }
    headers = {"Prefer": "respond-async"}
    with requested.file.open("rb") as file:
        if not requested.again:
            headers["Idempotency-Key"] = _key_of(file, query)
        async with (
            _speaking(requested) as session,
            session.post("/v1/imports", params=query, data=_parts(file), headers=headers) as reply,
        ):
            result = await _read_answer(reply)
            if "Idempotency-Replayed" in reply.headers:
                print("this file was imported before; --again imports it again", file=sys.stderr)
            result = await _followed(session, result["id"])
    _show_faults(result)
    print(json.dumps(result, ensure_ascii=False))
    return 1 if result["refused"] else 0


async def export_kind(requested: argparse.Namespace) -> int:
    """Write everything of a kind to a file or to standard output."""
    async with (
        _speaking(requested) as session,
        session.get(f"/v1/{requested.kind}/export", params={"format": requested.format}) as reply,
    ):
        if reply.status >= _ERROR:
            await _read_answer(reply)
        out = sys.stdout.buffer if requested.output is None else requested.output.open("wb")
        try:
            async for part in reply.content.iter_chunked(PART_BYTES):
                out.write(part)
            out.flush()
        finally:
            if requested.output is not None:
                out.close()
    return 0


@asynccontextmanager
async def _speaking(requested: argparse.Namespace) -> AsyncIterator[aiohttp.ClientSession]:
    if not requested.token:
        raise Refused("no credential: set --token, or LEDGERWIRE_TOKEN in the environment")
    headers = {"Authorization": f"Bearer {requested.token}"}
    async with aiohttp.ClientSession(requested.url, headers=headers, timeout=_TIMEOUT) as session:
        try:
            yield session
        except aiohttp.ClientError as error:
            raise Refused(f"{requested.url} cannot be spoken to: {error}") from None


async def _read_answer(reply: aiohttp.ClientResponse) -> dict[str, Any]:
    """The object that was answered.

    Raises:
        Refused: it is a problem; the message is its own, with its faults.
    """
    result: dict[str, Any] = await reply.json(content_type=None)
    if reply.status >= _ERROR:
        faults = [f"{fault['path']} {fault['message']}".strip() for fault in result.get("errors", ())]
        raise Refused("; ".join([result.get("detail") or result["title"], *faults[:FAULTS_SHOWN_MAX]]))
    return result


async def _followed(session: aiohttp.ClientSession, import_id: str) -> dict[str, Any]:
    """Show how far an import is until it is through."""
    # Here, because `up` does not need it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("importing", total=None)
        while True:
            async with session.get(f"/v1/imports/{import_id}") as reply:
                result = await _read_answer(reply)
            progress.update(
                task, description=f"importing {result['kind']}", total=result["lines"], completed=result["handled"]
            )
            if result["state"] != "running":
                return result
            await asyncio.sleep(LOOK_SECONDS)


def _key_of(file: BinaryIO, query: dict[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(query.items())).encode())
    while part := file.read(PART_BYTES):
        digest.update(part)
    file.seek(0)
    return f"ledgerwire-import-{digest.hexdigest()}"


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    while part := file.read(PART_BYTES):
        yield part


def _show_faults(result: dict[str, Any]) -> None:
    for error in result["errors"][:FAULTS_SHOWN_MAX]:
        print(f"line {error['line']}: {error['path']} {error['message']}".replace(":  ", ": "), file=sys.stderr)
    if result["refused"]:
        rest = "nothing was taken" if result["state"] == "aborted" else "the rest was taken"
        print(f"{result['refused']} of {result['lines']} lines are bad; {rest}", file=sys.stderr)
