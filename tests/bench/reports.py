"""Reports of an account with a great many documents, over HTTP: their time, and that of the first one after a restart.

A restart empties the database's own cache and not the system's: it stands for an upgrade, not for a new machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Final

import orjson

from tests.bench.ledger import DAYS
from tests.bench.reading import fetch, took_ms
from tests.bench.tenants import Tenant
from tests.support.eventually import eventually
from tests.support.http_load import LoadConnection, get_bytes

RUNS: Final = 5

Restart = Callable[[], Awaitable[None]]


def paths() -> dict[str, str]:
    """The reports to ask for, by name; the past date lies in the middle of what `ledger.fill` makes."""
    past = date(datetime.now(tz=UTC).year - 1, 1, 1) + timedelta(days=DAYS // 2)
    return {
        "trial balance": "/v1/reports/trial-balance",
        "ageing of today": "/v1/reports/ageing",
        "ageing of a past date": f"/v1/reports/ageing?as_of={past}",
    }


async def report_times(connection: LoadConnection, tenant: Tenant, *, restart: Restart | None) -> dict[str, float]:
    """Each report's median in milliseconds, and the time of the first one after a `restart` of the database."""
    times: dict[str, float] = {}
    for name, path in paths().items():
        request = get_bytes(path, tenant.headers)
        report = orjson.loads((await fetch(connection, request)).body)
        assert report["items"], f"{name} is empty"
        times[name] = round(median([await took_ms(connection, request) for _ in range(RUNS)]), 1)
        if restart is not None:
            await restart()
            await _is_back(connection, tenant)
            times[f"{name}, first after a restart"] = round(await took_ms(connection, request), 1)
    return times


async def _is_back(connection: LoadConnection, tenant: Tenant) -> None:
    request = get_bytes("/v1/account", tenant.headers)

    async def answers() -> bool:
        return (await connection.send(request)).status == 200

    await eventually(answers, deadline_seconds=60)
