"""`python -m ingress`: run it, `migrate`, `parked`, and `account create` or `account quota`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.command import Program, main
from chassis.settings import SettingsError
from contracts.wire.topology import ROLES
from ingress.access.accounts import create_account, limit, set_quota
from ingress.app import open_service
from ingress.settings import IngressSettings
from storage.pool import open_pool

PROGRAM = Program("ingress", IngressSettings, open_service, Path(__file__).with_name("migrations"), health_port=9101)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingress account")
    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help="create an account and print its credentials, shown only once")
    create.add_argument("name")
    quota = verbs.add_parser("quota", help="change an account's plan")
    quota.add_argument("account_id", type=UUID)
    for verb, read in ((create, int), (quota, limit)):
        verb.add_argument("--clients", type=read, metavar="N", help="at most N clients")
        verb.add_argument("--products", type=read, metavar="N", help="at most N products")
    quota.epilog = "`unlimited` lifts a limit"
    return parser


async def _account(requested: argparse.Namespace) -> dict[str, Any]:
    settings = PROGRAM.settings.read()
    pool = await open_pool(
        settings.postgres_dsn.get_secret_value(), role=ROLES["ingress"], name="ingress-account", size_max=1
    )
    try:
        if requested.verb == "create":
            return await create_account(pool, requested.name, requested.clients, requested.products)
        return await set_quota(pool, requested.account_id, requested.clients, requested.products)
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
