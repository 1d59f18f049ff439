"""The command line every service has: run it, `migrate` its schema, list or replay what it `parked` or is `dead`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import messaging
from chassis import logging, service
from chassis.bus import open_bus
from chassis.handle import ServiceHandle
from chassis.settings import ServiceSettings, SettingsError
from contracts.wire.topology import QUEUES, ROLES, SCHEMAS, Service
from outbox.dead_letters import list_dead_letters, replay_dead_letters
from storage.migrations import MigrationError, give_login, migrate
from storage.pool import open_pool

S = TypeVar("S", bound=ServiceSettings)

BUS_MIGRATIONS = Path(messaging.__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Program(Generic[S]):
    """What makes a service a program: its name, settings, composition root, migrations and usual health port.

    `niceness` is added to the process's own (nice(2)): what works off a queue yields to the way in, so that a burst is
    accepted first and handled right after.
    """

    name: Service
    settings: type[S]
    open_service: Callable[..., AbstractAsyncContextManager[ServiceHandle]]  # (settings, *, wakeups=None)
    migrations: Path
    health_port: int
    niceness: int = 0


async def prepare_database(dsn: str, program: Program[Any], *, role_password: str | None = None) -> list[str]:
    """Migrate the bus and the service's schema as the database's owner; answer what ran."""
    ran = await migrate(dsn, service="bus", folder=BUS_MIGRATIONS)
    ran += await migrate(dsn, service=program.name, folder=program.migrations)
    if role_password:
        await give_login(dsn, role=ROLES[program.name], password=role_password)
    return ran


async def _dead_letters_of_handlers(dsn: str, program: Program[S], *, replay: bool, ids: list[UUID] | None) -> int:
    pool = await open_pool(dsn, role=ROLES[program.name], name=f"{program.name}-parked", size_max=2)
    try:
        schema = SCHEMAS[program.name]
        if replay:
            print(f"{await replay_dead_letters(pool, schema=schema, ids=ids)} put back on their queues")  # noqa: T201
            return 0
        for row in await list_dead_letters(pool, schema=schema):
            print(row.id, row.dead_lettered_at.isoformat(), row.queue, f"{row.bytes} bytes", row.reason, sep="\t")  # noqa: T201
        return 0
    finally:
        await pool.close()


async def _dead_letters_of_broker(settings: ServiceSettings, program: Program[S], *, replay: bool) -> int:
    """What the bus gave up on, on the queues that this service takes from."""
    logging.configure(service=program.name, level="WARNING", form=settings.log_format)
    dsn = settings.postgres_dsn.get_secret_value()
    pool = await open_pool(dsn, role=ROLES[program.name], name=f"{program.name}-dead", size_max=2)
    try:
        bus = await open_bus(settings, pool, name=f"{program.name}-dead")
        try:
            for queue in (queue.name for queue in QUEUES if queue.consumer == program.name):
                if replay:
                    print(f"{queue}: {await bus.replay_dead_letters(queue)} put back")  # noqa: T201
                    continue
                for one in await bus.list_dead_letters(queue):
                    died_at = one.died_at.isoformat() if one.died_at else "-"
                    print(one.id, died_at, queue, f"{len(one.body)} bytes", one.reason, sep="\t")  # noqa: T201
        finally:
            await bus.close()
    finally:
        await pool.close()
    return 0


def main(program: Program[S], argv: Sequence[str] | None = None) -> int:
    """Run one of the commands; answer the process's exit status. Faults go to standard error in a sentence."""
    parser = argparse.ArgumentParser(prog=f"python -m {program.name}")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="run the service (the default)")
    commands.add_parser("migrate", help="prepare the database, as its owner")
    dead_letters = commands.add_parser("parked", help="list what was refused, or put it back on its queue")
    dead_letters.add_argument("--replay", action="store_true")
    dead_letters.add_argument("ids", nargs="*", type=UUID)
    dead = commands.add_parser("dead", help="list what the bus handed out too often, or put it back on its queue")
    dead.add_argument("--replay", action="store_true")
    requested = parser.parse_args(argv)
    try:
        match requested.command:
            case "migrate":
                return _migrate(ServiceSettings.read(), program)
            case "parked":
                dsn = ServiceSettings.read().postgres_dsn.get_secret_value()
                return asyncio.run(
                    _dead_letters_of_handlers(dsn, program, replay=requested.replay, ids=requested.ids or None)
                )
            case "dead":
                return asyncio.run(_dead_letters_of_broker(ServiceSettings.read(), program, replay=requested.replay))
            case _:
                settings = program.settings.read()
                os.nice(program.niceness)
                return service.run(
                    program.name, lambda: program.open_service(settings), settings, health_port=program.health_port
                )
    except (SettingsError, MigrationError, OSError) as error:
        print(f"{program.name}: {error}", file=sys.stderr)  # noqa: T201
        return 2


def _migrate(settings: ServiceSettings, program: Program[S]) -> int:
    """Preparing the database needs its address alone, not what the service itself needs."""
    logging.configure(service=program.name, level=settings.log_level, form=settings.log_format)
    password = settings.role_password.get_secret_value() if settings.role_password else None
    asyncio.run(prepare_database(settings.postgres_dsn.get_secret_value(), program, role_password=password))
    return 0
