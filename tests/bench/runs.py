"""Runs of automations a second, from an event to the end of its second step; matching among very many subscribers."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import asyncpg

from contracts.primitives.ids import new_id
from tests.bench.tenants import CreateAccount
from tests.support.eventually import eventually
from tests.support.http_load import LoadConnection, post_bytes, receive

ACCOUNTS: Final = 16  # an account has a bounded share of the executor
EVENTS: Final = 3_000
MATCHED_EVENTS: Final = 2_000
SECONDS_MAX: Final = 300.0
SUBSCRIBERS: Final = (1, 100, 10_000)

_HOOKS: Final = """
INSERT INTO dispatch.hook (account_id, id, target_url, triggers, filters, state, fingerprint, secret, effective_from)
SELECT $1, id, 'https://receiver.example/', ARRAY['webhook.received'],
       jsonb_build_object('body.kind', jsonb_build_array(id::text)), 'active', decode(md5(id::text), 'hex'), $3, now()
  FROM unnest($2::uuid[]) AS t (id)
"""
_AUTOMATIONS: Final = """
INSERT INTO dispatch.automation (account_id, id, name, enabled, version, effective_from)
SELECT $1, id, 'Bench', true, 1, now() FROM unnest($2::uuid[]) AS t (id)
"""
_VERSIONS: Final = """
INSERT INTO dispatch.automation_version (account_id, automation_id, version, definition)
SELECT $1, id, 1, jsonb_build_object('trigger', jsonb_build_object('key', 'webhook.received', 'filters',
       jsonb_build_object('body.kind', jsonb_build_array(id::text))), 'steps', '[]'::jsonb)
  FROM unnest($2::uuid[]) AS t (id)
"""
_CHANGED: Final = """
INSERT INTO dispatch.subscription_version AS v (account_id, version) VALUES ($1, 1)
ON CONFLICT (account_id) DO UPDATE SET version = v.version + 1
"""


async def two_steps(url: str, dsn: str, create: CreateAccount) -> dict[str, float]:
    """Runs of a filter and a call a second: from the first request to the last run's end."""
    server, endpoint = await receive(lambda _, __: 204)
    accounts, paths = [], []
    async with aiohttp.ClientSession() as session:
        for number in range(ACCOUNTS):
            account = await create(f"Runs {number}")
            accounts.append(UUID(account["account_id"]))
            paths.append(await _channel(session, url, account["access_token"]))
            await _automation(session, url, account["access_token"], f"http://127.0.0.1:{endpoint}/")
    owner = await asyncpg.connect(dsn)
    count = "SELECT count(*) FROM execution.run WHERE account_id = ANY($1) AND finished_at IS NOT NULL"
    began = time.monotonic()
    await _post(url, paths, events=EVENTS)

    async def ended() -> bool:
        return bool(await owner.fetchval(count, accounts) >= EVENTS)

    await eventually(ended, deadline_seconds=SECONDS_MAX)
    seconds = time.monotonic() - began
    failed = await owner.fetchval("SELECT count(*) FROM execution.run WHERE state = 'failed'")
    await owner.close()
    server.close()
    return {"per_second": round(EVENTS / seconds, 1), "failed": failed}


async def matched(url: str, dsn: str, create: CreateAccount) -> dict[str, float]:
    """Events recorded a second on an account with so many hooks and as many automations, none of which wants them."""
    figures = {}
    owner = await asyncpg.connect(dsn)
    async with aiohttp.ClientSession() as session:
        for many in SUBSCRIBERS:
            account = await create(f"Subscribers {many}")
            account_id = UUID(account["account_id"])
            path = await _channel(session, url, account["access_token"])
            ids = [new_id() for _ in range(many)]
            await owner.execute(_HOOKS, account_id, ids, secrets.token_bytes(32))
            for statement in (_AUTOMATIONS, _VERSIONS):
                await owner.execute(statement, account_id, ids)
            await owner.execute(_CHANGED, account_id)
            await _recorded(owner, url, account_id, path, events=10)
            seconds = await _recorded(owner, url, account_id, path, events=MATCHED_EVENTS)
            figures[f"{many}"] = round(MATCHED_EVENTS / seconds, 1)
    await owner.close()
    return figures


async def _recorded(owner: Any, url: str, account_id: UUID, path: str, *, events: int) -> float:
    """How many seconds it takes until so many further events are recorded."""
    count = "SELECT count(*) FROM dispatch.event WHERE account_id = $1"
    before = await owner.fetchval(count, account_id)
    began = time.monotonic()
    await _post(url, [path], events=events)

    async def there() -> bool:
        return bool(await owner.fetchval(count, account_id) >= before + events)

    await eventually(there, deadline_seconds=SECONDS_MAX)
    return time.monotonic() - began


async def _post(url: str, paths: Sequence[str], *, events: int, connections: int = 32) -> None:
    host, port = url.removeprefix("http://").split(":")
    numbers = iter(range(events))

    async def work(connection: LoadConnection) -> None:
        for number in numbers:
            body = f'{{"n": {number + 1}, "kind": "none"}}'.encode()
            answer = await connection.send(post_bytes(paths[number % len(paths)], body, "application/json"))
            assert answer.status == 200, answer
        connection.close()

    await asyncio.gather(*(work(LoadConnection(host, int(port))) for _ in range(connections)))


async def _channel(session: aiohttp.ClientSession, url: str, token: str) -> str:
    made = await _made(session, f"{url}/v1/channels", token, {"kind": "hook", "name": "Bench"})
    return str(urlsplit(made["url"]).path)


async def _automation(session: aiohttp.ClientSession, url: str, token: str, target: str) -> None:
    condition = {"where": "{{ trigger.data.body.n }}", "op": "gt", "value": 0}
    steps = [
        {"action": "filter", "input": condition},
        {"action": "http_request", "input": {"url": target, "body": {"n": "{{ trigger.data.body.n }}"}}},
    ]
    given = {"name": "Two steps", "enabled": True, "trigger": {"key": "webhook.received"}, "steps": steps}
    await _made(session, f"{url}/v1/automations", token, given)


async def _made(session: aiohttp.ClientSession, url: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    async with session.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as reply:
        made = await reply.json(content_type=None)
        assert reply.status in {200, 201}, made
        return dict(made)
