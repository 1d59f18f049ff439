"""The console before an account with very many documents: server time of every page, weight of the first, memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import psutil
from playwright.async_api import Browser, StorageState

from tests.bench.ledger import Size, fill
from tests.bench.tenants import CreateAccount
from tests.bench.usage import MEGABYTE
from tests.support.browser import chromium_running
from tests.support.caller import Caller
from tests.support.console_pages import PAGES, place
from tests.support.console_scene import a_scene
from tests.support.http_load import LoadConnection, get_bytes
from tests.support.installation import ServiceProcess
from tests.support.listener import listening
from tests.support.machine import free_port

DOCUMENTS: Final = 100_000
INVOICES: Final = 20_000
READ: Final = 20  # times that each page is read, one after the other
PARTS: Final = (
    "/inbox/{box}/{id}/totals", "/reports/ageing", "/reports/trial-balance", "/home/events", "/home/money-in",
    "/automations/{id}/backtest/counts",
)  # fmt: skip
"""What pages load after themselves: measured as they are."""

SLOWEST: Final = 10  # pages named in the report
WARM_UP: Final = 2  # templates are compiled and plans are made when a page is shown first
LOAD: Final = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .map((one) => [new URL(one.name).pathname, one.transferSize])"""
_SECONDS_MAX: Final = 120_000


@asynccontextmanager
async def separate_console(
    environment: Mapping[str, str], url: str, base: str, folder: Path
) -> AsyncIterator[ServiceProcess]:
    """`python -m console` at `base` for the API at `url`, as a process of its own."""
    health = free_port()
    given = {
        "LEDGERWIRE_API_URL": url, "LEDGERWIRE_CONSOLE_URL": base, "LEDGERWIRE_HEALTH_PORT": str(health),
        "LEDGERWIRE_HOST": "127.0.0.1", "LEDGERWIRE_CONSOLE_PORT": str(urlsplit(base).port),
    }  # fmt: skip
    # What is installed with the console (requirements/console.txt) is not all that is here: structlog loads rich.
    missing = folder / "not-installed-with-the-console"
    missing.mkdir()
    (missing / "rich.py").write_text("raise ImportError\n")
    given["PYTHONPATH"] = str(missing)
    process = ServiceProcess("console", dict(environment) | given, health, folder / "console.log")
    await process.start()
    try:
        await process.ready()
        yield process
    finally:
        await process.stop()


async def console_figures(dsn: str, url: str, base: str, create: CreateAccount, *, pid: int | None) -> dict[str, float]:
    """Milliseconds at the 95th percentile, kilobytes as transferred, resident megabytes of the process `pid`, if any.

    The account has `DOCUMENTS` documents and something on every screen.
    """
    made = await create("Console")
    async with aiohttp.ClientSession() as session, listening() as listener, chromium_running() as browser:
        caller = Caller(session, url, made)
        await caller.client()  # the account's books begin with its first document or client
        await fill(dsn, UUID(made["account_id"]), Size(documents=DOCUMENTS, invoices=INVOICES))
        await caller.patch("/v1/account", {"vat_number": "LV40003000000"})  # the first steps are long done
        scene = await a_scene(caller, listener.endpoint())
        state = await _signed_in(browser, base, made["login"])
        weight = await _weight(browser, base, state)
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in state["cookies"] if "console" in one["name"])
        pages = {path: urlsplit(base).path + place(scene, path) for path in (*PAGES, *PARTS)}
        times = await _times(urlsplit(base), pages, cookies)
        peak = {"memory_mb": round(psutil.Process(pid).memory_info().rss / MEGABYTE, 1)} if pid else {}
    slowest = sorted(times.items(), key=lambda one: -one[1][1])
    return {
        "pages": len(times),
        "median_of_pages_ms": round(statistics.median(median for median, _ in times.values()), 1),
        **{f"p95_ms {path}": round(p95, 1) for path, (_, p95) in slowest[:SLOWEST]},
        "first_load_kb": weight,
    } | peak


async def _signed_in(browser: Browser, base: str, login: Mapping[str, str]) -> StorageState:
    """Sign in as people do; the cookies that come of it."""
    context = await browser.new_context(locale="en")
    context.set_default_timeout(_SECONDS_MAX)
    page = await context.new_page()
    await page.goto(base)
    await page.fill("[name=name]", login["name"])
    await page.fill("[name=password]", login["password"])
    await page.click("button[type=submit]")
    await page.wait_for_url(f"{base}**")
    state = await context.storage_state()
    await context.close()
    return state


async def _weight(browser: Browser, base: str, state: StorageState) -> float:
    """What a browser that keeps nothing yet transfers for the home page and all that it needs, in kilobytes."""
    context = await browser.new_context(locale="en", storage_state=state)
    page = await context.new_page()
    await page.goto(base, wait_until="load")
    transferred: list[list[Any]] = await page.evaluate(LOAD)
    await context.close()
    sizes = [int(size) for _, size in transferred]  # what the page names twice is transferred once
    assert {path for path, size in transferred if size} == {path for path, _ in transferred}, transferred
    return round(sum(sizes) / 1_000, 1)


async def _times(base: Any, pages: Mapping[str, str], cookies: str) -> dict[str, tuple[float, float]]:
    """Each page's median and 95th percentile in milliseconds, from the request to the whole answer, one at a time."""
    headers = {"Cookie": cookies, "Accept-Encoding": "gzip", "Accept-Language": "en"}
    found: dict[str, tuple[float, float]] = {}
    connection = LoadConnection(base.hostname, base.port)
    for path, url in pages.items():
        request, took = get_bytes(url, headers), []
        for number in range(WARM_UP + READ):
            began = time.monotonic()
            answer = await connection.send(request)
            took += [(time.monotonic() - began) * 1000] if number >= WARM_UP else []
            assert answer.status == 200, f"{url}: {answer.status} {answer.body[:300]!r}"
        found[path] = statistics.median(took), statistics.quantiles(took, n=20, method="inclusive")[-1]
    connection.close()
    return found
