"""Faults of the servers: killed, their sessions cut, their disk full, an alarm raised."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import aiohttp
import asyncpg

from tests.faults.hostile import maintain_during_a_read
from tests.faults.scene import STRIKE_SECONDS_MAX, Act, Scene
from tests.support.eventually import eventually

FULL_SECONDS: Final = 4.0
REFUSED_SECONDS_MAX: Final = 60.0
NO_SPACE: Final = b"No space left on device"
ALARMS: Final = {  # of what: the commands that raise it, and end it
    "disk": (("set_disk_free_limit", "1000000GB"), ("set_disk_free_limit", "50MB")),
    "memory": (("set_vm_memory_high_watermark", "absolute", "1MB"), ("set_vm_memory_high_watermark", "0.4")),
}


async def kill_database(scene: Scene, _: str) -> bool:
    """PostgreSQL ends as by a power cut, and starts again."""
    await scene.postgres.kill()
    await scene.postgres.start()
    return True


async def cut_sessions(scene: Scene, _: str) -> bool:
    """PostgreSQL ends the services' sessions; between two faults they may have none for a moment."""
    await eventually(partial(_ended_sessions, scene), deadline_seconds=STRIKE_SECONDS_MAX)
    return True


async def _ended_sessions(scene: Scene) -> int:
    conn = await asyncpg.connect(scene.postgres.dsn)
    try:
        return int(
            await conn.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name LIKE 'ledgerwire-%'"
            )
        )
    finally:
        await conn.close()


async def fill_disk(scene: Scene, _: str) -> bool:
    """PostgreSQL can write nothing more until there is room again; where it ends by that, it is started again."""
    disk, machine = scene.postgres.disk, scene.postgres.machine
    assert disk is not None
    log = scene.postgres.log
    before = log.read_bytes().count(NO_SPACE)
    await disk.fill()
    try:
        await eventually(lambda: log.read_bytes().count(NO_SPACE) > before, deadline_seconds=REFUSED_SECONDS_MAX)
        await asyncio.sleep(FULL_SECONDS)  # it stays full
    finally:
        await disk.empty()
    if machine.ended():
        await scene.postgres.start()
    await scene.postgres.ready()
    return True


async def maintain(scene: Scene, _: str) -> bool:
    """Maintenance meets a long read."""
    return await maintain_during_a_read(scene.postgres.dsn)


async def kill_broker(scene: Scene, _: str) -> bool:
    """RabbitMQ ends as by a power cut, and starts again."""
    assert scene.broker is not None
    await scene.broker.kill()
    await scene.broker.start()
    return True


async def restart_broker(scene: Scene, _: str) -> bool:
    """RabbitMQ is shut down in order, and starts again."""
    assert scene.broker is not None
    await scene.broker.stop_gracefully()
    await scene.broker.start()
    return True


async def raise_alarm(scene: Scene, target: str) -> bool:
    """RabbitMQ takes no publishes for a while, and a service says so."""
    assert scene.broker is not None
    on, off = ALARMS[target]
    await scene.broker.control(*on)
    try:
        await eventually(partial(_a_service_reports_an_alarm, scene), deadline_seconds=2 * STRIKE_SECONDS_MAX)
        await asyncio.sleep(FULL_SECONDS)  # it lasts
    finally:
        await scene.broker.control(*off)
    return True


async def _a_service_reports_an_alarm(scene: Scene) -> bool:
    said = await asyncio.gather(*(_readiness(service.health_port) for service in scene.running.services.values()))
    return any("it has an alarm" in text for text in said)


async def _readiness(port: int) -> str:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(f"http://127.0.0.1:{port}/readyz") as reply,
        ):
            return await reply.text()
    except (aiohttp.ClientError, TimeoutError):
        return ""


ACTS: Final[dict[str, Act]] = {
    "kill database": kill_database,
    "cut database sessions": cut_sessions,
    "fill the disk of the database": fill_disk,
    "maintain during a long read": maintain,
    "kill broker": kill_broker,
    "stop and start broker": restart_broker,
    "raise the broker's alarm of": raise_alarm,
}
