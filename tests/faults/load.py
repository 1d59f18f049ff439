"""The senders: suppliers that push invoices and integrators that create clients and issue invoices, under faults.

Some documents go to clients of their own, who are reminded of them by mail at once.

Most retry until they have an answer, as well-made senders do; some never retry, so that outcomes stay unsure and
"at most once" is checked as well.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from tests.bench.scene import INVOICE
from tests.faults.debtor_mails import DEBTOR_DOMAIN
from tests.faults.record import Book
from tests.support.http_load import Answer, LoadConnection, post_bytes

RETRY_SHARE = 0.8
RETRY_PAUSE_SECONDS = 0.25
GIVE_UP_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account as its senders know it."""

    token: str
    direct_path: str
    client_id: str  # of whom an ordered hook gets events
    hook_id: str = ""
    target_url: str = ""


@dataclass(slots=True)
class Senders:
    """Send through `port` (the HTTP proxy) until `stopping` is set."""

    port: int
    tenants: list[Tenant]
    book: Book
    chance: random.Random
    pause_seconds: float
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Any = field(default_factory=count)

    async def run(self, workers: int) -> None:
        """Run the workers until `stopping` is set and each has finished its request."""
        await asyncio.gather(*(self._work(number) for number in range(workers)))

    async def _work(self, number: int) -> None:
        connection = LoadConnection("127.0.0.1", self.port)
        while not self.stopping.is_set():
            key = f"F-{next(self._numbers)}"
            tenant = self.tenants[number % len(self.tenants)]
            kind, request = self._make(key, tenant)
            await self._send(connection, key, kind, request)
            await asyncio.sleep(self.pause_seconds)
        connection.close()

    def _make(self, key: str, tenant: Tenant) -> tuple[str, bytes]:
        turn = self.chance.random()
        if turn < 0.65:
            return "inbox", post_bytes(tenant.direct_path, INVOICE.format(ref=key).encode(), "application/xml")
        headers = {"Authorization": f"Bearer {tenant.token}", "Idempotency-Key": key}
        if turn < 0.8:
            body: dict[str, Any] = {"name": f"Client {key}", "external_id": key}
            return "client", post_bytes("/v1/clients", orjson.dumps(body), "application/json", headers)
        client: dict[str, Any] = {"client": {"name": "Fault Client"}}
        if turn < 0.9:
            client = {"client_id": tenant.client_id}
            self.book.in_order.add(key)
        elif turn < 0.95 and self.book.has_debtors:
            address = f"{key.lower()}@{DEBTOR_DOMAIN}"
            client = {"client": {"name": f"Debtor {key}", "external_id": key, "email": address}}
        body = client | {
            "sale_type": "sales_invoice",
            "external_id": key,
            "currency": "EUR",
            "issue": True,
            "lines": [{"description": "Work", "quantity": "1", "unit_price": "138.66", "tax_rate": "19"}],
        }
        return "sale", post_bytes("/v1/sales", orjson.dumps(body), "application/json", headers)

    async def _send(self, connection: LoadConnection, key: str, kind: str, request: bytes) -> None:
        retries = self.chance.random() < RETRY_SHARE
        ends = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
        while True:
            began = self.book.tried[key] = time.monotonic()
            answer = await self._try(connection, request)
            if answer is not None and answer.status in {200, 201, 202}:
                self.book.note(key, kind, "accepted")
                if answer.status != 202:
                    self.book.answered.append((began, time.monotonic(), kind))
                return
            if answer is not None and 400 <= answer.status < 500 and answer.status not in {408, 429}:
                self.book.note(key, kind, "refused")
                self.book.refusals.append(f"{kind} {key}: {answer.status} {answer.body[:300]!r}")
                return
            self.book.note(key, kind, "unsure")
            if not retries or asyncio.get_running_loop().time() > ends:
                return
            await asyncio.sleep(RETRY_PAUSE_SECONDS)

    async def _try(self, connection: LoadConnection, request: bytes) -> Answer | None:
        try:
            return await connection.send(request, timeout_seconds=20)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            return None
