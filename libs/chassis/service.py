"""The life cycle of a service: open its parts in order, serve until a stop signal, close them in reverse, bounded.

A service's `app.py` is its composition root: an async context manager that yields a `ServiceHandle`. `run` adds
signals, the health port and the exit status; `services/standalone` runs four of them in one process.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog
import uvloop

from chassis import health, logging, tracing
from chassis.handle import ServiceHandle
from chassis.memory import return_freed_blocks, search_for_cycles_less
from chassis.settings import ProgramSettings

log = structlog.get_logger(__name__)


def stop_event() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set; the second signal ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)
    return stop


async def _serve(
    name: str, opened: AbstractAsyncContextManager[ServiceHandle], settings: ProgramSettings, health_port: int
) -> int:
    stop = stop_event()
    async with opened as running, health.serve([running], host=settings.health_host, port=health_port):
        search_for_cycles_less()
        log.info("service_ready", name=name, health_port=health_port)
        await stop.wait()
        log.info("service_stopping", name=name)
    return 0


def run(
    name: str,
    open_service: Callable[[], AbstractAsyncContextManager[ServiceHandle]],
    settings: ProgramSettings,
    *,
    health_port: int,
) -> int:
    """Run one service in this process until a signal; return its exit status."""
    logging.configure(service=name, level=settings.log_level, form=settings.log_format)
    tracing.start_tracing(name)
    return_freed_blocks()
    return uvloop.run(_serve(name, open_service(), settings, settings.health_port or health_port))
