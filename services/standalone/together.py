"""Open the four services in one process: each with its own pool, role and schema, joined only by the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import action_executor.__main__ as executor
import ingress.__main__ as ingress
import ledger.__main__ as ledger
import trigger_dispatcher.__main__ as dispatcher
from chassis.command import Program, prepare
from chassis.service import Running
from messaging.postgres import Wakeups

# In the order they start: what takes work before what hands it on, the way in last.
PROGRAMS: tuple[Program[Any], ...] = (executor.PROGRAM, dispatcher.PROGRAM, ledger.PROGRAM, ingress.PROGRAM)


async def prepare_all(dsn: str, *, tell: Callable[[str], None] = lambda _: None) -> None:
    """Run the migrations of all four as the database's owner; `tell` hears each one that ran."""
    for program in reversed(PROGRAMS):
        for name in await prepare(dsn, program):
            tell(f"{program.name}: {name}")


@asynccontextmanager
async def open_all(dsn: str, **given: Any) -> AsyncIterator[list[Running]]:
    """Start the four services over one database; `given` settings win over the environment.

    Without an AMQP address the bus is in the same Postgres, and `Wakeups` lets a publish in one service wake
    the consumer in the next without asking the database.
    """
    wakeups = Wakeups()
    async with AsyncExitStack() as stack:
        running: list[Running] = []
        for program in PROGRAMS[:-1]:
            opened = program.open_service(program.settings.read(postgres_dsn=dsn, **given), wakeups=wakeups)
            running.append(await stack.enter_async_context(opened))
        settings = ingress.PROGRAM.settings.read(postgres_dsn=dsn, **given)
        # Its port answers for all of them whether they are ready.
        opened = ingress.PROGRAM.open_service(settings, wakeups=wakeups, beside=tuple(running))
        running.append(await stack.enter_async_context(opened))
        yield running
