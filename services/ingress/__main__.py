"""`python -m ingress`: run it, `migrate`, `dead-letters`, `account create`, `account quota`, `oauth-client create`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from chassis.command import Program, main
from chassis.settings import SettingsError
from contracts.wire.topology import ROLES
from ingress.access import account_command
from ingress.app import open_service
from ingress.settings import IngressSettings
from storage.pool import open_pool

PROGRAM = Program("ingress", IngressSettings, open_service, Path(__file__).with_name("migrations"), health_port=9101)


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m ingress {command}")
    add_verbs = account_command.add_verbs if command == "account" else account_command.add_client_verbs
    add_verbs(parser)
    return parser


async def _account(command: str, requested: argparse.Namespace) -> dict[str, Any]:
    settings = PROGRAM.settings.read()
    pool = await open_pool(settings.database, role=ROLES["ingress"], name="ingress-account", size_max=1)
    try:
        run = account_command.run if command == "account" else account_command.run_client
        return await run(pool, requested)
    finally:
        await pool.close()


def make(command: str, argv: Sequence[str]) -> int:
    """Run `account ...` or `oauth-client ...`; print one JSON object and return the exit status."""
    requested = _parser(command).parse_args(argv)
    try:
        made = asyncio.run(_account(command, requested))
    except (SettingsError, LookupError, ValueError, OSError, asyncpg.PostgresError) as error:
        print(f"ingress: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(orjson.dumps(made).decode())  # noqa: T201
    return 0


if __name__ == "__main__":
    makes = sys.argv[1:2] in (["account"], ["oauth-client"])
    sys.exit(make(sys.argv[1], sys.argv[2:]) if makes else main(PROGRAM))
