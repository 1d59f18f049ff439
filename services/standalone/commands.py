"""The commands of `ledgerwire`: run all services in one process, create accounts, verify the ledger, run the demo."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from chassis import dead_letters, logging
from chassis.memory import return_freed_blocks, search_for_cycles_less
from chassis.service import stop_event
from chassis.settings import ServiceSettings, SettingsError, read_variable
from contracts.version import VERSION
from contracts.wire.topology import ROLES, SCHEMAS
from embedded_postgres import server as embedded
from ingress.access import account_command, setup
from ledger.verify import command as verify_books
from standalone import import_export
from standalone.all_in_one import open_all, prepare_all
from standalone.backup import command as backups
from standalone.backup.archive import BackupError
from standalone.backup.restore import check_source
from standalone.data_directory import HomeError, open_home, secret_keys, sole_use
from storage.migrations import MigrationError
from storage.pool import open_pool

HOME_DEFAULT = "~/.local/share/ledgerwire"
TRY_SECONDS_MAX = 10.0


def report(text: str) -> None:
    """Progress goes to standard error; standard output carries only what programs read."""
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line of contract.md."""
    top = argparse.ArgumentParser(prog="ledgerwire", description="Self-hosted automation backbone for invoicing.")
    top.add_argument("--version", action="version", version=f"ledgerwire {VERSION}")
    commands = top.add_subparsers(dest="command", required=True)
    home: dict[str, Any] = {
        "type": Path,
        "default": Path(os.environ.get("LEDGERWIRE_HOME", HOME_DEFAULT)),
        "help": f"data directory (LEDGERWIRE_HOME, {HOME_DEFAULT})",
    }
    up = commands.add_parser("up", help="run everything in the foreground until Ctrl-C; data survives restarts")
    up.add_argument("--host", default=None, help="where to listen (LEDGERWIRE_HOST, 127.0.0.1)")
    up.add_argument("--port", type=_port, default=None, help="0 takes a free one (LEDGERWIRE_PORT, 8080)")
    up.add_argument("--home", **home)
    account = commands.add_parser("account", help="make accounts and change their plans; works while `up` runs")
    for verb in account_command.add_verbs(account):
        verb.add_argument("--home", **home)
    clients = commands.add_parser("oauth-client", help="make OAuth clients; works while `up` runs")
    for verb in account_command.add_client_verbs(clients):
        verb.add_argument("--home", **home)
    letters = commands.add_parser("dead-letters", help="list and replay dead-lettered messages")
    for verb in dead_letters.add_commands(letters):
        verb.add_argument("--service", choices=list(SCHEMAS), help="only those of one service (default: all)")
        verb.add_argument("--home", **home)
    verify = commands.add_parser("verify", help="verify the ledger of all accounts; works while `up` runs")
    verify.add_argument("--home", **home)
    verify_books.add_options(verify)
    import_export.add_commands(commands)
    assistant = commands.add_parser("mcp", help="tools for an assistant over standard input and output (MCP)")
    import_export.add_connection(assistant)
    backups.add_commands(commands, home)
    demo = commands.add_parser("demo", help="run the main job on real messages, show it step by step, and check it")
    demo.add_argument("--url", help="an installation that runs already (default: start one for the demo)")
    demo.add_argument("--token", help="an access token of it (with --url)")
    demo.add_argument("--receiver-host", default="127.0.0.1", help="this machine's address as the installation sees it")
    return top


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:  # noqa: PLR2004  the last port there is
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)


@asynccontextmanager
async def database(home: Path) -> AsyncIterator[str]:
    """The database's address: the environment's, else the embedded server's, which is started or joined.

    Raises:
        SettingsError: the configured server cannot be used; EmbeddedPostgresError.
    """
    given = read_variable("postgres_dsn")
    if given:
        await _try(given)
        yield given
        return
    began = time.monotonic()
    report("opening the embedded PostgreSQL ...")
    server = await embedded.start(home)
    report(f"  ready after {time.monotonic() - began:.1f} s in {home}")
    try:
        yield server.dsn
    finally:
        await server.stop()


async def _try(dsn: str) -> None:
    try:
        conn = await asyncpg.connect(dsn, timeout=TRY_SECONDS_MAX)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or "no answer in time"
        raise SettingsError(f"LEDGERWIRE_POSTGRES_DSN: this database cannot be used: {reason}") from None
    await conn.close()


async def up(requested: argparse.Namespace) -> int:
    """Run the four services until SIGINT or SIGTERM; exit 0 after finishing work in progress."""
    given = {name: value for name in ("host", "port") if (value := getattr(requested, name)) is not None}
    stop = stop_event()
    home = open_home(requested.home)
    with sole_use(home) as tell_others:
        async with database(home) as dsn:
            await prepare_all(dsn, report=lambda ran: report(f"  prepared {ran}"))
            keys = read_variable("secret_keys") or secret_keys(home)
            report("starting ingress, ledger, trigger_dispatcher and action_executor ...")
            # No other process uses the embedded server, so that leases of a killed process are free at once.
            is_sole_worker = not read_variable("postgres_dsn")
            async with open_all(dsn, secret_keys=keys, home=home, is_sole_worker=is_sole_worker, **given) as running:
                tell_others(running.url)
                report(f"  /healthz, /readyz and /metrics at {running.health_url}")
                report(f"  console at {running.console_url}")
                await report_setup_link(dsn, running.console_url)
                search_for_cycles_less()
                if not stop.is_set():
                    print(f"ready {running.url}", flush=True)
                await stop.wait()
                report("finishing work in progress ...")
    report("stopped")
    return 0


async def report_setup_link(dsn: str, console_url: str) -> None:
    """Print the link that creates the first account, as long as there is none."""
    async with await open_pool(dsn, role=ROLES["ingress"], name="setup", size_max=1) as pool:
        secret = await setup.new_link_secret(pool)
    if secret is not None:
        report(f"  create the first account: {console_url}/set-up?token={secret}")


async def account(requested: argparse.Namespace) -> int:
    """Make an account or an OAuth client, or change a plan; print one JSON object."""
    async with database(open_home(requested.home)) as dsn:
        await prepare_all(dsn)
        pool = await open_pool(dsn, role=ROLES["ingress"], name="account", size_max=2)
        run = account_command.run_client if requested.command == "oauth-client" else account_command.run
        try:
            made = await run(pool, requested)
        finally:
            await pool.close()
    print(json.dumps(made))
    return 0


async def verify(requested: argparse.Namespace) -> int:
    """Verify the ledger; exit 0 when it is consistent, 1 when not."""
    async with database(open_home(requested.home)) as dsn:
        return await verify_books.run(dsn, settled=requested.settled)


async def back_up(requested: argparse.Namespace) -> int:
    """Write a backup; it works while `up` runs."""
    requested.home = open_home(requested.home)
    async with database(requested.home) as dsn:
        await backups.back_up(dsn, requested, report=report)
    return 0


async def restore(requested: argparse.Namespace) -> int:
    """Restore a backup into an empty installation that nothing uses."""
    check_source(requested.file)
    requested.home = open_home(requested.home)
    with sole_use(requested.home):
        async with database(requested.home) as dsn:
            await backups.bring_back(dsn, requested, report=report)
    return 0


async def operate_dead_letters(requested: argparse.Namespace) -> int:
    """List or replay dead-lettered messages; it works while `up` runs."""
    async with database(open_home(requested.home)) as dsn:
        await prepare_all(dsn)
        services = [requested.service] if requested.service else list(SCHEMAS)
        await dead_letters.run(ServiceSettings.read(postgres_dsn=dsn), services, requested)
    return 0


async def mcp(requested: argparse.Namespace) -> int:
    """Serve tools to an assistant; imported here so that nothing else carries the SDK."""
    from standalone.mcp_stdio import serve  # noqa: PLC0415

    return await serve(requested)


async def demo(requested: argparse.Namespace) -> int:
    """Run the demo; imported here so that `up` does not carry it."""
    if requested.url and not requested.token:
        report("ledgerwire demo: --url needs --token, an access token of an account there")
        return 2
    from standalone.demo.scenario import play  # noqa: PLC0415

    return await play(url=requested.url, token=requested.token, receiver_host=requested.receiver_host)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status. Errors are one sentence on standard error."""
    requested = parser().parse_args(argv)
    logging.configure(service="ledgerwire", level=os.environ.get("LEDGERWIRE_LOG_LEVEL", "WARNING"), form="console")
    jobs = {
        "up": up,
        "account": account,
        "oauth-client": account,
        "verify": verify,
        "demo": demo,
        "mcp": mcp,
        "dead-letters": operate_dead_letters,
        "backup": back_up,
        "restore": restore,
    }
    jobs |= {"import": import_export.import_file, "export": import_export.export_kind}
    job = jobs[requested.command]
    try:
        return_freed_blocks()
        return uvloop.run(job(requested))
    except (
        SettingsError, HomeError, MigrationError, BackupError, embedded.EmbeddedPostgresError, LookupError, ValueError,
    ) as error:  # fmt: skip
        report(f"ledgerwire: {error}")
    except (OSError, asyncpg.PostgresError) as error:
        report(f"ledgerwire: {type(error).__name__}: {error}")
    except KeyboardInterrupt:
        report("ledgerwire: interrupted")
        return 130
    return 2
