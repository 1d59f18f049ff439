"""`python -m ingress`: run it, `migrate`, `parked`, and `account create` or `account quota`."""

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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingress account")
    account_command.add_verbs(parser)
    return parser


async def _account(requested: argparse.Namespace) -> dict[str, Any]:
    settings = PROGRAM.settings.read()
    pool = await open_pool(
        settings.postgres_dsn.get_secret_value(), role=ROLES["ingress"], name="ingress-account", size_max=1
    )
    try:
        return await account_command.run(pool, requested)
    finally:
        await pool.close()


def account(argv: Sequence[str]) -> int:
    """Run `account ...`; print one JSON object and answer the exit status."""
    requested = _parser().parse_args(argv)
    try:
        made = asyncio.run(_account(requested))
    except (SettingsError, LookupError, ValueError, OSError, asyncpg.PostgresError) as error:
        print(f"ingress: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(orjson.dumps(made).decode())  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(account(sys.argv[2:]) if sys.argv[1:2] == ["account"] else main(PROGRAM))
