"""One day's steps of collections: decided and queued for very many clients, and a page of their cases."""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from tests.bench.ledger import Size, fill
from tests.bench.measure import percentiles
from tests.bench.tenants import Tenant
from tests.support.eventually import eventually
from tests.support.http_load import LoadConnection, get_bytes, post_bytes

SECONDS_MAX: Final = 1_200.0
LOOK_SECONDS: Final = 0.5
PAGES: Final = 100
PATHS: Final = {
    "first page": "/v1/cases?limit=50",
    "by age": "/v1/cases?limit=50&sort=age",
    "of a state": "/v1/cases?limit=50&state=scheduled",
}
_WORDS: Final = {
    "subject": "Open: {{ amount }}",
    "body": "Dear {{ client.contact }},\n\n{% for one in invoices %}{{ one.number }}: {{ one.open }} {{ one.currency }}"
    ", due on {{ one.date_due }}\n{% endfor %}\n{{ account.name }}\n",
}
_STEPS: Final = [
    {"channel": "email", "delay": "P3D", "template": {"en": _WORDS, "fr": _WORDS}},
    {"channel": "email", "delay": "P3000D", "template": _WORDS},
]


async def prepared(connection: LoadConnection, dsn: str, tenant: Tenant, *, clients: int) -> None:
    """Make so many clients with open invoices, each with a step that is due."""
    body = orjson.dumps({"name": "Bench", "default": True, "steps": _STEPS})
    made = await connection.send(post_bytes("/v1/collectors", body, "application/json", tenant.headers))
    if made.status != 201:
        raise AssertionError(f"{made.status}: {made.body[:300]!r}")
    await fill(dsn, UUID(tenant.account_id), Size(documents=2 * clients, invoices=2 * clients, clients=clients + 3))


async def decided(connection: LoadConnection, dsn: str, tenant: Tenant, *, clients: int) -> dict[str, float]:
    """Wake the scheduler, and give the seconds until all is `decided` and until all is `queued`.

    Decided: each client's case, its step, the reminder and the job that hands it over are committed in the ledger.
    Queued: the executor has all of them as well, and holds them for the mail server.

    Raises:
        AssertionError: they are not.
    """
    watch: asyncpg.Connection[Any] = await asyncpg.connect(dsn)
    try:
        began = time.monotonic()
        # Any change of any client wakes the scheduler; else its sweep does.
        note = orjson.dumps({"client_id": tenant.client_id, "body": "now", "needs_response": True})
        await connection.send(post_bytes("/v1/notes", note, "application/json", tenant.headers))
        took: dict[str, float] = {}
        for name, counted in (("decided", _DECIDED), ("queued", _QUEUED)):

            async def done(counted: str = counted) -> bool:
                return int(await watch.fetchval(counted, UUID(tenant.account_id))) >= clients

            await eventually(done, deadline_seconds=SECONDS_MAX, pause_seconds=LOOK_SECONDS)
            took[name] = round(time.monotonic() - began, 1)
        return took
    finally:
        await watch.close()


_DECIDED: Final = "SELECT count(*) FROM ledger.message WHERE account_id = $1 AND purpose = 'reminder'"
_QUEUED: Final = "SELECT count(*) FROM execution.hand_over WHERE account_id = $1"


async def pages(connection: LoadConnection, tenant: Tenant) -> dict[str, float]:
    """How long pages of cases take, in milliseconds."""
    times: dict[str, float] = {}
    for name, path in PATHS.items():
        took = []
        for _ in range(PAGES):
            began = time.monotonic()
            answer = await connection.send(get_bytes(path, tenant.headers))
            if answer.status != 200:
                raise AssertionError(f"{answer.status}: {answer.body[:300]!r}")
            took.append((time.monotonic() - began) * 1000)
        p50, p99 = percentiles(took)
        times |= {f"{name} p50": p50, f"{name} p99": p99}
    return times
