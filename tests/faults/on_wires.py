"""Faults between processes: replies cut, partitions, half-open connections, receivers and senders that misbehave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from tests.faults.endpoint import MANNERS
from tests.faults.hostile import drip
from tests.faults.load import Tenant
from tests.faults.proxy import CuttingProxy
from tests.faults.scene import STRIKE_SECONDS_MAX, Act, Scene
from tests.support.eventually import eventually
from tests.support.installation import ServiceProcess

PARTED_SECONDS: Final = 6.0
GONE_SECONDS_MAX: Final = 60.0
_HOOK_STATE: Final = "SELECT state FROM dispatch.hook WHERE id = $1::uuid"
_numbers: Final = count()


async def cut_replies(scene: Scene, target: str) -> bool:
    """Replies are swallowed and their connections end: the outcome of the requests is unknown."""
    cuts = scene.replies[target]
    before = cuts.cut
    cuts.armed = scene.cuts
    await eventually(
        lambda: cuts.cut >= before + scene.cuts,
        deadline_seconds=2 * STRIKE_SECONDS_MAX,
        describe=lambda: f"{cuts.cut - before} of {scene.cuts} cut",
    )
    return True


async def part_from_database(scene: Scene, target: str) -> bool:
    """Nothing goes between a process and PostgreSQL for a while."""
    return await _parted(scene.wires[scene.one_of(target).name].database)


async def part_from_broker(scene: Scene, target: str) -> bool:
    """Nothing goes between a process and RabbitMQ for a while."""
    proxy = scene.wires[scene.one_of(target).name].broker
    assert proxy is not None
    return await _parted(proxy)


async def half_open_to_database(scene: Scene, target: str) -> bool:
    """A process's sessions go nowhere, and neither side is notified; new ones work."""
    service = await _working(scene, target)
    return await _half_open(scene.wires[service.name].database)


async def half_open_to_broker(scene: Scene, target: str) -> bool:
    """A process's connections to RabbitMQ go nowhere, and neither side is notified; new ones work."""
    service = await _working(scene, target)
    proxy = scene.wires[service.name].broker
    assert proxy is not None
    return await _half_open(proxy)


async def _working(scene: Scene, target: str) -> ServiceProcess:
    """A process of a service, once it has its connections."""
    service = scene.one_of(target)
    await scene.up(service)
    await service.ready()
    return service


async def _parted(proxy: CuttingProxy) -> bool:
    before = proxy.swallowed
    proxy.part()
    try:
        await eventually(lambda: proxy.swallowed > before, deadline_seconds=STRIKE_SECONDS_MAX)
        await asyncio.sleep(PARTED_SECONDS)  # it lasts
    finally:
        proxy.heal()
    return True


async def _half_open(proxy: CuttingProxy) -> bool:
    before = proxy.swallowed
    proxy.half_open()
    await eventually(lambda: proxy.swallowed > before, deadline_seconds=2 * STRIKE_SECONDS_MAX)
    return True


async def answer(scene: Scene, target: str) -> bool:
    """The receiver answers the next deliveries badly."""
    if target == "410":
        return await _answer_gone(scene)
    before = scene.endpoint.answered_badly
    scene.endpoint.misbehave(MANNERS[target], scene.cuts)
    await eventually(
        lambda: scene.endpoint.answered_badly >= before + scene.cuts, deadline_seconds=2 * STRIKE_SECONDS_MAX
    )
    return True


async def _answer_gone(scene: Scene) -> bool:
    """Make a hook whose receiver is gone; it ends by the first answer."""
    tenant = scene.chance.choice(scene.tenants)
    url = f"http://127.0.0.1:{scene.endpoint_port}/gone/{next(_numbers)}"
    before = scene.endpoint.gone
    wanted = {"target_url": url, "triggers": ["inbox.received", "client.created", "sale.posted"]}
    made = await eventually(partial(_asked, scene, tenant, "post", "/v1/hooks", wanted), deadline_seconds=60)
    await eventually(lambda: scene.endpoint.gone > before, deadline_seconds=GONE_SECONDS_MAX)
    await eventually(partial(_is_removed, scene, made["id"]), deadline_seconds=GONE_SECONDS_MAX, pause_seconds=0.2)
    return True


async def _is_removed(scene: Scene, hook_id: str) -> bool:
    conn = await asyncpg.connect(scene.postgres.dsn)
    try:
        return bool(await conn.fetchval(_HOOK_STATE, hook_id) == "removed")
    finally:
        await conn.close()


async def drip_uploads(scene: Scene, _: str) -> bool:
    """Many senders of one channel send a byte at a time and never end."""
    return await drip(scene.http.port, scene.chance.choice(scene.tenants).direct_path, scene.chance)


async def change_targets(scene: Scene, _: str) -> bool:
    """The hooks of half the accounts move elsewhere while attempts are under way; the old targets answer 410."""
    for place in scene.chance.sample(range(len(scene.tenants)), len(scene.tenants) // 2):
        tenant = scene.tenants[place]
        base, _, number = tenant.target_url.rpartition("/")
        moved = replace(tenant, target_url=f"{base}/{int(number) + 1}")
        asked = partial(_asked, scene, moved, "patch", f"/v1/hooks/{moved.hook_id}", {"target_url": moved.target_url})
        await eventually(asked, deadline_seconds=3 * STRIKE_SECONDS_MAX)
        scene.tenants[place] = moved
        scene.book.moved.add(f"POST {urlsplit(tenant.target_url).path} ".encode())
    return True


async def _asked(scene: Scene, tenant: Tenant, method: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    timeout = aiohttp.ClientTimeout(total=STRIKE_SECONDS_MAX)
    headers = {"Authorization": f"Bearer {tenant.token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, f"{scene.running.url}{path}", json=body, headers=headers) as reply,
        ):
            return dict(await reply.json()) if reply.status in {HTTPStatus.OK, HTTPStatus.CREATED} else None
    except (aiohttp.ClientError, TimeoutError):
        return None


async def hostile_answers_given(scene: Scene, _: str) -> bool:
    """The hostile receiver is asked, as often as there are accounts.

    Not anew after this moment: one of its answers has the hooks wait for as long as a `Retry-After` may say.
    """
    await eventually(lambda: scene.hostile.answered >= len(scene.tenants), deadline_seconds=2 * STRIKE_SECONDS_MAX)
    return True


ACTS: Final[dict[str, Act]] = {
    "cut replies of": cut_replies,
    "part from the database": part_from_database,
    "part from the broker": part_from_broker,
    "leave half-open to the database": half_open_to_database,
    "leave half-open to the broker": half_open_to_broker,
    "answer": answer,
    "drip uploads": drip_uploads,
    "change targets": change_targets,
    "check hostile answers": hostile_answers_given,
}
