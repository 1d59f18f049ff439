"""The commands `dead-letters list` and `dead-letters replay`: what was given up on, and back on its queue with it.

A message is given up on in two places: its handler refused it (kept in the service's schema), or the broker handed it
out too often (kept beside its queue). Each line of output is one JSON object.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, get_args
from uuid import UUID

import orjson

from chassis.bus import open_bus
from chassis.settings import ServiceSettings
from contracts.wire.topology import QUEUES, ROLES, SCHEMAS, Service
from messaging.dead_letters import OperableBus
from outbox.dead_letters import list_dead_letters, replay_dead_letters
from storage.pool import Pool, open_pool

Source = Literal["handler", "broker"]
LIMIT_MAX: Final = 1_000  # lines of one list: an operator reads some, and filters the rest by id


class DeadLetterError(ValueError):
    """The request cannot be carried out; the message says why."""


def add_commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add `list` and `replay`; return both, for options of the caller's own."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    show = verbs.add_parser("list", help="print one JSON object a line, the newest of each source first")
    show.add_argument("--limit", type=int, default=100, metavar="N", help=f"of each queue, 1 to {LIMIT_MAX} (100)")
    again = verbs.add_parser(
        "replay",
        help="put messages back on their queues; prints one JSON object with their number for each source",
        epilog="Ids are those of `list`; without any, all that wait are put back. The broker replays whole queues",
    )
    for verb in (show, again):
        verb.add_argument("--source", choices=get_args(Source), help="who gave up (default: both)")
        verb.add_argument("ids", nargs="*", type=UUID, metavar="ID", help="only these messages")
    return [show, again]


async def run(settings: ServiceSettings, services: Collection[Service], requested: argparse.Namespace) -> None:
    """Do what was requested of these services and print it.

    Raises:
        DeadLetterError: an id or a number is wrong; OSError, asyncpg.PostgresError: a server cannot be asked.
    """
    ids = list(dict.fromkeys(requested.ids)) or None
    sources: Collection[str] = [requested.source] if requested.source else get_args(Source)
    if requested.verb == "list":
        if not 1 <= requested.limit <= LIMIT_MAX:
            raise DeadLetterError(f"--limit must be from 1 to {LIMIT_MAX}")
        lines = [
            line
            for service in services
            async for line in _found(settings, service, sources, ids=ids, limit=requested.limit)
        ]
        _require(ids, {line["id"] for line in lines}, "there is no dead letter")
    else:
        lines = await _replay(settings, services, sources, ids)
    for line in lines:
        print(orjson.dumps(line).decode())  # noqa: T201


async def _found(
    settings: ServiceSettings, service: Service, sources: Collection[str], *, ids: list[UUID] | None, limit: int
) -> AsyncIterator[dict[str, Any]]:
    async with _opened(settings, service) as pool:
        if "handler" in sources:
            for row in await list_dead_letters(pool, schema=SCHEMAS[service], ids=ids, limit=limit):
                yield {
                    "id": str(row.id), "source": "handler", "service": service, "queue": row.queue,
                    "reason": row.reason, "bytes": row.bytes, "dead_lettered_at": row.dead_lettered_at,
                    "replayed_at": row.replayed_at,
                }  # fmt: skip
        if "broker" in sources:
            async with _bus(settings, pool, service) as bus:
                for queue in _queues_of(service):
                    for one in await bus.list_dead_letters(queue, LIMIT_MAX if ids else limit):
                        if ids is None or one.id in ids:
                            yield {
                                "id": str(one.id) if one.id else None, "source": "broker", "service": service,
                                "queue": queue, "reason": one.reason, "bytes": len(one.body),
                                "dead_lettered_at": one.died_at, "replayed_at": None,
                            }  # fmt: skip


async def _replay(
    settings: ServiceSettings, services: Collection[Service], sources: Collection[str], ids: list[UUID] | None
) -> list[dict[str, Any]]:
    if ids and "handler" not in sources:
        raise DeadLetterError("the broker replays whole queues: leave out the ids, or take --source=handler")
    lines, replayed = [], set()
    for service in services:
        async with _opened(settings, service) as pool:
            if "handler" in sources:
                done = await replay_dead_letters(pool, schema=SCHEMAS[service], ids=ids)
                replayed |= {str(one) for one in done}
                lines.append({"source": "handler", "service": service, "replayed": len(done)})
            if "broker" in sources and not ids:
                async with _bus(settings, pool, service) as bus:
                    lines += [
                        {
                            "source": "broker", "service": service, "queue": queue,
                            "replayed": await bus.replay_dead_letters(queue),
                        }
                        for queue in _queues_of(service)
                    ]  # fmt: skip
    _require(ids, replayed, "nothing waits to be replayed under the id")
    return lines


def _require(ids: list[UUID] | None, found: Collection[str], said: str) -> None:
    """Name the ids that were asked for and are not there."""
    if missing := [str(one) for one in ids or () if str(one) not in found]:
        raise DeadLetterError(f"{said} {', '.join(missing)}: `dead-letters list` shows those there are")


def _queues_of(service: Service) -> list[str]:
    return [queue.name for queue in QUEUES if queue.consumer == service]


@asynccontextmanager
async def _opened(settings: ServiceSettings, service: Service) -> AsyncIterator[Pool]:
    dsn = settings.postgres_dsn.get_secret_value()
    pool = await open_pool(dsn, role=ROLES[service], name=f"{service}-dead-letters", size_max=2)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def _bus(settings: ServiceSettings, pool: Pool, service: Service) -> AsyncIterator[OperableBus]:
    bus = await open_bus(settings, pool, name=f"{service}-dead-letters")
    try:
        yield bus
    finally:
        await bus.close()
