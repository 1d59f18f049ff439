"""E-invoices of five lines a second over HTTP: written in each format, and read through a Direct channel."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

import aiohttp

from tests.bench import reading
from tests.bench.issue import issued
from tests.bench.measure import Rate
from tests.bench.tenants import Tenant
from tests.bench.usage import Usage
from tests.support.http_load import LoadConnection, get_bytes, post_bytes
from tests.support.ledger_documents import SELLER

FORMATS: Final = {
    "ubl": ("ubl", "application/xml"),
    "cii": ("cii", "application/xml"),
    "paytraq": ("paytraq", "application/xml"),
    "facturx": ("pdf?facturx=true", "application/pdf"),
}
"""What is asked for, and as what it is pushed."""

CLIENT: Final = {
    "name": "Harbour Books",
    "vat_number": "LV40003000002",
    "email": "bills@harbour.example",
    "address": {"street": "Iela 2", "city": "Cēsis", "postal_code": "LV-4101", "country": "LV"},
}
_PDF: Final = "application/pdf"
_NUMBER: Final = re.compile(rb"INV-\d{4}-\d{6}")
_CONNECTIONS: Final = 32
_WRITERS: Final = 4


async def prepare(url: str, tenant: Tenant) -> tuple[Tenant, str]:
    """Complete the account's profile and a client's; answer the tenant that bills it, and a Direct channel's path."""
    async with aiohttp.ClientSession(headers=tenant.headers) as session:
        profile = {name: value for name, value in SELLER.items() if name != "name"}
        async with session.patch(f"{url}/v1/account", json=profile) as reply:
            assert reply.status == 200, await reply.text()
        client = await _made(session, f"{url}/v1/clients", CLIENT)
        channel = await _made(session, f"{url}/v1/channels", {"kind": "direct"})
    path = "/" + channel["url"].split("/", 3)[3]
    return Tenant(tenant.account_id, tenant.token, client["id"]), path


async def _made(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> Any:
    async with session.post(url, json=body) as reply:
        assert reply.status == 201, await reply.text()
        return await reply.json()


async def per_second(
    connections: Callable[[int], list[LoadConnection]],
    url: str,
    tenant: Tenant,
    *,
    pids: Mapping[str, int],
    own: Sequence[str],
    seconds: float,
) -> dict[str, float]:
    """Documents written and read a second, by format, and what reading costs the processes that are our `own`."""
    tenant, channel = await prepare(url, tenant)
    await issued(connections(_WRITERS), [tenant], seconds=0.5, first=0)
    sale_ids = await reading.newest_sales(connections(1)[0], tenant)
    found: dict[str, float] = {}
    for name, (path, content_type) in FORMATS.items():
        rate, _ = await reading.documents(connections(_WRITERS), tenant, sale_ids, path=path, seconds=seconds)
        found[f"written {name}"] = round(rate.per_second, 1)
        (first,) = connections(1)
        wanted = sale_ids if content_type == _PDF else sale_ids[:1]
        requests = [get_bytes(f"/v1/sales/{sale_id}/{path}", tenant.headers) for sale_id in wanted]
        written = [(await first.send(request)).body for request in requests]
        first.close()
        async with Usage(pids) as usage:
            rate = await _pushed(connections(_CONNECTIONS), channel, written, content_type, seconds=seconds, name=name)
        cost = usage.cpu_seconds_per_1000(rate.count)
        found[f"read {name}"] = round(rate.per_second, 1)
        found[f"read {name}, own cpu ms each"] = round(sum(cost[one] for one in own), 2)
    return found


async def _pushed(
    connections: Sequence[LoadConnection],
    path: str,
    bodies: Sequence[bytes],
    content_type: str,
    *,
    seconds: float,
    name: str,
) -> Rate:
    """Push documents again and again, each time as another one.

    XML gets a number of its own each time; a PDF, whose number is compressed, other bytes after its end: those of one
    invoice resemble each other.

    Raises:
        AssertionError: an answer was not 200.
    """
    numbers, taken = count(1), count()
    ends = time.monotonic() + seconds

    async def work(connection: LoadConnection) -> None:
        while time.monotonic() < ends:
            number = next(numbers)
            body = bodies[number % len(bodies)]
            if content_type == _PDF:
                body += b"\n%%%d\n" % number
            else:
                body = _NUMBER.sub(f"{name}-{number}".encode(), body)
            answer = await connection.send(post_bytes(path, body, content_type))
            assert answer.status == 200, f"{answer.status}: {answer.body[:300]!r}"
            next(taken)
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*map(work, connections))
    return Rate(next(taken), time.monotonic() - began)
