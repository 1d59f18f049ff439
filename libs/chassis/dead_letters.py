"""The commands `dead-letters list` and `dead-letters replay`: show dead-lettered messages, and requeue them.

A message is dead-lettered because its handler rejected it, or because it was delivered too often; both are kept in the
service's schema. Each line of output is one JSON object.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import orjson

from chassis.settings import ServiceSettings
from contracts.wire.topology import ROLES, SCHEMAS, Service
from outbox.dead_letters import list_dead_letters, replay_dead_letters
from storage.pool import Pool, open_pool

LIMIT_MAX: Final = 1_000  # lines of one list: an operator reads some, and filters the rest by id


class DeadLetterError(ValueError):
    """The command cannot run; the message says why."""


def add_commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add `list` and `replay`; return both parsers, so that the caller can add options."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    show = verbs.add_parser("list", help="print one JSON object a line, the newest of each service first")
    show.add_argument("--limit", type=int, default=100, metavar="N", help=f"of each service, 1 to {LIMIT_MAX} (100)")
    again = verbs.add_parser(
        "replay",
        help="put messages back on their queues; prints one JSON object with their number for each service",
        epilog="Ids are those of `list`; without any, all that are not yet replayed are requeued",
    )
    for verb in (show, again):
        verb.add_argument("ids", nargs="*", type=UUID, metavar="ID", help="only these messages")
    return [show, again]


async def run(settings: ServiceSettings, services: Collection[Service], requested: argparse.Namespace) -> None:
    """Run the command for these services and print the result.

    Raises:
        DeadLetterError: an id or a number is wrong; OSError, asyncpg.PostgresError: a server cannot be asked.
    """
    ids = list(dict.fromkeys(requested.ids)) or None
    if requested.verb == "list":
        if not 1 <= requested.limit <= LIMIT_MAX:
            raise DeadLetterError(f"--limit must be from 1 to {LIMIT_MAX}")
        lines = [
            line for service in services for line in await _found(settings, service, ids=ids, limit=requested.limit)
        ]
        _require(ids, {line["id"] for line in lines}, "there is no dead letter")
    else:
        lines = await _replay(settings, services, ids)
    for line in lines:
        print(orjson.dumps(line).decode())  # noqa: T201


async def _found(
    settings: ServiceSettings, service: Service, *, ids: list[UUID] | None, limit: int
) -> list[dict[str, Any]]:
    async with _opened(settings, service) as pool:
        return [
            {
                "id": str(row.id), "service": service, "queue": row.queue, "reason": row.reason, "bytes": row.bytes,
                "dead_lettered_at": row.dead_lettered_at, "replayed_at": row.replayed_at,
            }
            for row in await list_dead_letters(pool, schema=SCHEMAS[service], ids=ids, limit=limit)
        ]  # fmt: skip


async def _replay(
    settings: ServiceSettings, services: Collection[Service], ids: list[UUID] | None
) -> list[dict[str, Any]]:
    lines, replayed = [], set()
    for service in services:
        async with _opened(settings, service) as pool:
            done = await replay_dead_letters(pool, schema=SCHEMAS[service], ids=ids)
        replayed |= {str(one) for one in done}
        lines.append({"service": service, "replayed": len(done)})
    _require(ids, replayed, "nothing waits to be replayed under the id")
    return lines


def _require(ids: list[UUID] | None, found: Collection[str], complaint: str) -> None:
    """Raise an error that names the unknown ids."""
    if missing := [str(one) for one in ids or () if str(one) not in found]:
        raise DeadLetterError(f"{complaint} {', '.join(missing)}: `dead-letters list` shows the known ones")


@asynccontextmanager
async def _opened(settings: ServiceSettings, service: Service) -> AsyncIterator[Pool]:
    dsn = settings.database
    pool = await open_pool(dsn, role=ROLES[service], name=f"{service}-dead-letters", size_max=2)
    try:
        yield pool
    finally:
        await pool.close()
