"""Faults of our own processes: killed, stopped, frozen, with a clock that jumps."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

import aiohttp
import psutil

from tests.faults.recovery import recoveries
from tests.faults.scene import STRIKE_SECONDS_MAX, Act, Scene
from tests.support import clocks
from tests.support.eventually import eventually
from tests.support.installation import ServiceProcess

FROZEN_SECONDS: Final = 5.0
FROZEN_BEYOND_LEASE_SECONDS: Final = 27.0  # longer than `ENVIRONMENT` of the run lets a delivery or a run be leased
STEP_SECONDS_MAX: Final = 45.0
AGAIN_SECONDS_MAX: Final = 120.0  # other faults may last
JUMPS_SECONDS: Final = (-3600, -60, 60, 3600)
JUMPED_SECONDS: Final = 6.0
SEEN_WITHIN_SECONDS: Final = 5.0  # a clock that is off by so much less or more has jumped


async def kill(scene: Scene, target: str) -> bool:
    """A process ends as by a power cut."""
    service = scene.one_of(target)
    await scene.up(service)
    return await _killed(scene, service)


async def kill_in_a_step(scene: Scene, _: str) -> bool:
    """The executor that waits for the answer to a step's call ends."""
    held = await scene.endpoint.hold(STEP_SECONDS_MAX)
    service = scene.sender_from(held.port)
    return service is not None and await _killed(scene, service)


async def kill_in_a_hand_over(scene: Scene, _: str) -> bool:
    """The executor ends whose mail the server has taken, and not yet answered for."""
    held = await scene.debtor_mails.hold(STEP_SECONDS_MAX)
    try:
        service = scene.sender_from(held.from_port)
        return service is not None and await _killed(scene, service)
    finally:
        scene.debtor_mails.answer()


async def stop(scene: Scene, target: str) -> bool:
    """A process is asked to end, as by an operator."""
    await scene.thawed()  # a frozen process takes no signal to stop
    service = scene.one_of(target)
    await scene.up(service)
    # One that is stopped while it starts ends by the signal; one that has started ends in order.
    return await service.stop() in {0, -signal.SIGTERM}


async def freeze(scene: Scene, target: str) -> bool:
    """A process stands still for a while; others sweep and take over meanwhile."""
    service = scene.one_of(target)
    await scene.up(service)
    return await _frozen(scene, service, FROZEN_SECONDS)


async def freeze_past_its_lease(scene: Scene, _: str) -> bool:
    """The executor that waits for a step's answer stands still until its lease is over, and goes on in that step."""
    held = await scene.endpoint.hold(STEP_SECONDS_MAX)
    service = scene.sender_from(held.port)
    if service is None or not await _frozen(scene, service, FROZEN_BEYOND_LEASE_SECONDS):
        return False
    await scene.thawed()
    held.answer()
    return True


async def turn_the_clock(scene: Scene, target: str) -> bool:
    """A process's clock jumps, and back after a while; what it calls the time is seen by its health port."""
    service = scene.one_of(target)
    file = scene.wires[service.name].clock
    assert file is not None
    jump = scene.chance.choice(JUMPS_SECONDS)
    clocks.turn(file, jump)
    try:
        await eventually(partial(_is_off_by, service, jump), deadline_seconds=2 * STRIKE_SECONDS_MAX)
        await asyncio.sleep(JUMPED_SECONDS)  # it works by this clock
    finally:
        clocks.turn(file, 0)
    return True


async def _is_off_by(service: ServiceProcess, seconds: int) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(f"http://127.0.0.1:{service.health_port}/healthz") as reply,
        ):
            there = parsedate_to_datetime(reply.headers["Date"])
    except (aiohttp.ClientError, TimeoutError):
        return False
    return abs((there - datetime.now(tz=UTC)).total_seconds() - seconds) < SEEN_WITHIN_SECONDS


async def _killed(scene: Scene, service: ServiceProcess) -> bool:
    """Kill it, and wait until its service takes work again."""
    process = service.process
    killed = scene.note_kill(service)
    await service.kill()
    await eventually(lambda: recoveries(scene.book, [killed]), deadline_seconds=AGAIN_SECONDS_MAX, pause_seconds=0.1)
    return process is not None and process.returncode == -signal.SIGKILL


async def _frozen(scene: Scene, service: ServiceProcess, seconds: float) -> bool:
    """Freeze it and let it go on later, in the background; whether it stands still."""
    process = service.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    stands = partial(_stands_still, process.pid)
    await eventually(stands, deadline_seconds=STRIKE_SECONDS_MAX)
    thawing = asyncio.create_task(_thaw(process, seconds))
    scene.frozen.add(thawing)
    thawing.add_done_callback(scene.frozen.discard)
    return True


def _stands_still(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


async def _thaw(process: asyncio.subprocess.Process, seconds: float) -> None:
    await asyncio.sleep(seconds)
    if process.returncode is None:
        process.send_signal(signal.SIGCONT)


ACTS: Final[dict[str, Act]] = {
    "kill": kill,
    "kill in a step": kill_in_a_step,
    "kill in a hand-over": kill_in_a_hand_over,
    "stop": stop,
    "freeze": freeze,
    "freeze past its lease": freeze_past_its_lease,
    "turn the clock of": turn_the_clock,
}
