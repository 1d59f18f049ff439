"""The command line of every service: run it, `migrate` its schema, list and replay its `dead-letters`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg
import structlog

import messaging
from chassis import dead_letters, logging, service
from chassis.dead_letters import DeadLetterError
from chassis.handle import ServiceHandle
from chassis.settings import ServiceSettings, SettingsError
from contracts.wire.topology import ROLES, Service
from storage.migrations import MigrationError, give_login, migrate, missing_migrations

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=ServiceSettings)

SCHEMA_LOOK_SECONDS = 2.0  # migrations take seconds; one small query each time
BUS_MIGRATIONS = Path(messaging.__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Program(Generic[S]):
    """What makes a service a program: its name, settings, composition root, migrations and default health port.

    `niceness` is added to the process's own (nice(2)): queue consumers yield to ingress, so that a burst is accepted
    first and handled right after.
    """

    name: Service
    settings: type[S]
    open_service: Callable[..., AbstractAsyncContextManager[ServiceHandle]]  # (settings, *, wakeups=None)
    migrations: Path
    health_port: int
    niceness: int = 0


async def prepare_database(dsn: str, program: Program[Any], *, role_password: str | None = None) -> list[str]:
    """Migrate the bus and the service's schema as the database's owner; return the migrations that ran."""
    ran = await migrate(dsn, service="bus", folder=BUS_MIGRATIONS)
    ran += await migrate(dsn, service=program.name, folder=program.migrations)
    if role_password:
        await give_login(dsn, role=ROLES[program.name], password=role_password)
    return ran


@asynccontextmanager
async def open_when_migrated(program: Program[S], settings: S) -> AsyncIterator[ServiceHandle]:
    """Open the service once its schema and the bus have every migration of this version.

    New code on an old schema would fail on each message; until `migrate` has run, its queue waits for it.

    Raises:
        SettingsError: `migrate` has not run within `schema_wait_seconds`.
    """
    dsn, ends = settings.database, time.monotonic() + settings.schema_wait_seconds
    while missing := await _missing(dsn, program):
        if time.monotonic() > ends:
            raise SettingsError(f"the database lacks {missing[0]}: run `python -m {program.name} migrate`")
        log.warning("waiting_for_migrations", missing=missing, remedy=f"python -m {program.name} migrate")
        await asyncio.sleep(SCHEMA_LOOK_SECONDS)
    async with program.open_service(settings) as handle:
        yield handle


async def _missing(dsn: str, program: Program[Any]) -> list[str]:
    lacking = await missing_migrations(dsn, service="bus", folder=BUS_MIGRATIONS)
    return lacking + await missing_migrations(dsn, service=program.name, folder=program.migrations)


def parser_of(name: str) -> argparse.ArgumentParser:
    """The command line of a service."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="run the service in the foreground until SIGTERM (the default)")
    commands.add_parser("migrate", help="prepare its schema, as the database's owner")
    dead_letters.add_commands(commands.add_parser("dead-letters", help="list and replay dead-lettered messages"))
    return parser


def main(program: Program[S], argv: Sequence[str] | None = None) -> int:
    """Run one of the commands; return the process's exit status. Errors go to standard error as one sentence."""
    requested = parser_of(program.name).parse_args(argv)
    try:
        match requested.command:
            case "migrate":
                return _migrate(ServiceSettings.read(), program)
            case "dead-letters":
                given = ServiceSettings.read()
                logging.configure(service=program.name, level="WARNING", form=given.log_format)
                asyncio.run(dead_letters.run(given, [program.name], requested))
                return 0
            case _:
                settings = program.settings.read()
                os.nice(program.niceness)
                return service.run(
                    program.name, lambda: open_when_migrated(program, settings), settings,
                    health_port=program.health_port,
                )  # fmt: skip
    except (SettingsError, MigrationError, DeadLetterError, OSError, asyncpg.PostgresError) as error:
        print(f"{program.name}: {error}", file=sys.stderr)  # noqa: T201
        return 2


def _migrate(settings: ServiceSettings, program: Program[S]) -> int:
    """Migrate with the database's address alone; the service's other settings are not required."""
    logging.configure(service=program.name, level=settings.log_level, form=settings.log_format)
    dsn = settings.database
    password = settings.role_password.get_secret_value() if settings.role_password else None
    if password is not None and password == unquote(urlsplit(dsn).password or ""):
        raise SettingsError("LEDGERWIRE_ROLE_PASSWORD: must differ from the database owner's: choose another")
    asyncio.run(prepare_database(dsn, program, role_password=password))
    return 0
