"""Cost of one request of at most 1 MiB: growth of memory and the longest hold of the event loop, by reader.

Each body is read as ingress reads it, in this process: aside in a thread where it is large, while a ticker measures how
late the event loop is.
"""

from __future__ import annotations

import asyncio
import gc
import io
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import orjson
import psutil
from pydantic import ValidationError

from contracts.resources.sale import SaleIn
from contracts.strict_json import JsonRefused, read_json
from documents.parser import read_document
from documents.xml import XmlRefused
from ingress.http.body import aside
from ingress.imports.records import records

MIB: Final = 1024 * 1024
TICK_SECONDS: Final = 0.005
SAMPLE_SECONDS: Final = 0.002
INVOICE_LINE: Final = {"description": "W", "quantity": "1", "unit_price": "1", "tax_rate": "21"}

REFUSALS: Final = (JsonRefused, XmlRefused, ValidationError)  # anything else is a fault of the reader

Read = Callable[[], Any]


def _json(body: bytes) -> tuple[bytes, Read]:
    return body, lambda: read_json(body)


def _sale(body: bytes) -> tuple[bytes, Read]:
    return body, lambda: SaleIn.model_validate(read_json(body))


def _document(body: bytes, content_type: str) -> tuple[bytes, Read]:
    return body, lambda: read_document(body, content_type=content_type, box="purchases")


def _table(body: bytes) -> tuple[bytes, Read]:
    def read() -> None:
        for _ in records(io.BytesIO(body), kind="clients", form="csv", on_conflict="error"):
            pass

    return body, read


def cases() -> Iterator[tuple[str, tuple[bytes, Read]]]:
    """Yield a name, a body of at most 1 MiB, and what reads it."""
    sale = {"sale_type": "sales_invoice", "currency": "EUR", "client": {"name": "B"}}
    yield "JSON, small values", _json(orjson.dumps(list(range(150_000))))
    yield "JSON, objects", _json(orjson.dumps([{"a": n} for n in range(90_000)]))
    yield "JSON, nested", _json(b"[" * (MIB // 2) + b"]" * (MIB // 2))
    yield (
        "JSON, NULs below a long name",
        _json(b'{"' + b"k" * 200 + b'": [' + b",".join([b'"\\u0000"'] * 100_000) + b"]}"),
    )
    yield "sale, 10,000 lines", _sale(orjson.dumps(sale | {"lines": [INVOICE_LINE] * 10_000}))
    yield "sale, unknown fields", _sale(orjson.dumps(sale | {"lines": [{"x" * 100: 1}] * 9_000}))
    yield "XML, empty elements", _document(b"<Sale>" + b"<x/>" * 250_000 + b"</Sale>", "application/xml")
    yield "XML, nested", _document(b"<Sale>" + b"<a>" * 140_000 + b"</a>" * 140_000 + b"</Sale>", "application/xml")
    attributes = b" ".join(b'a%d=""' % number for number in range(90_000))
    yield "XML, attributes", _document(b"<Sale " + attributes + b"/>", "application/xml")
    line = b"<LineItem><Qty>x</Qty></LineItem>"
    yield (
        "XML, wrong lines",
        _document(b"<Sale><LineItems>" + line * 30_000 + b"</LineItems></Sale>", "application/xml"),
    )
    yield "XML, one text", _document(b"<Sale><Comment>" + b"x" * (MIB - 100) + b"</Comment></Sale>", "application/xml")
    yield (
        "document in JSON, wrong lines",
        _document(orjson.dumps({"document": {"lines": [{"quantity": "x"}] * 50_000}}), "application/json"),
    )
    yield "CSV, blank lines", _table(b"name,email\n" + b"\n" * (MIB - 20))
    yield "CSV, bad lines", _table(b"name,email\n" + b",x\n" * 300_000)
    yield "CSV, one line", _table(b"name\n" + b'"' + b"x," * (MIB // 2 - 20))


async def hostile() -> dict[str, dict[str, float]]:
    """Read every body once; answer growth in MiB and the longest hold of the loop in ms, by name."""
    return {name: await _measured(body, read) for name, (body, read) in cases()}


async def _measured(body: bytes, read: Read) -> dict[str, float]:
    gc.collect()
    process = psutil.Process()
    before = peak = process.memory_info().rss
    late = 0.0
    done = asyncio.Event()

    async def tick() -> None:
        nonlocal late
        while not done.is_set():
            due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            late = max(late, time.monotonic() - due)

    def sample() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, process.memory_info().rss)
            time.sleep(SAMPLE_SECONDS)

    sampler = asyncio.create_task(asyncio.to_thread(sample))
    ticker = asyncio.create_task(tick())
    await asyncio.sleep(TICK_SECONDS)
    began = time.monotonic()
    with suppress(*REFUSALS):
        await aside(body, read)
    took = time.monotonic() - began
    done.set()
    await asyncio.gather(ticker, sampler)
    return {
        "growth_mib": round((peak - before) / MIB, 1),
        "loop_held_ms": round(late * 1000, 1),
        "read_ms": round(took * 1000, 1),
    }
