"""`make bench`: what this machine's limit is, and how near to it the whole way comes; a table and `bench-<time>.json`.

Everything runs on the machine at hand, the load included. Separate processes over RabbitMQ and Postgres (fsync on)
first, the embedded default second. The parts can be asked for one by one with `--parts`; whatever was measured, the
books are checked at the end, and the exit status is 1 when they are not sound.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from embedded_postgres import server as embedded_postgres
from tests.bench import limits
from tests.bench.console import separate_console
from tests.bench.ledger import Size
from tests.bench.parts import PARTS, Bench, measured, progress
from tests.bench.soak import Soak
from tests.support.ending import until_signalled
from tests.support.installation import NO_RATE_LIMITS, SERVICES, installation
from tests.support.machine import free_port
from tests.support.servers import private_postgres, private_rabbitmq
from tests.support.smtp_server import silent_mail_server
from tests.support.standalone import standalone


async def separate(ctx: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Four processes over RabbitMQ and Postgres, and the limit of both measured beside them."""
    progress("separate services over RabbitMQ and Postgres")
    async with private_postgres() as postgres, private_rabbitmq() as broker:
        raw: dict[str, Any] = {}
        if "way" in ctx.parts:
            progress("  the limit: raw confirmed publishes and raw batched inserts")
            raw = {
                "raw_confirmed_publishes_per_second": (await limits.raw_publishes(broker.url, seconds=5)).per_second,
                "raw_inserted_rows_per_second": (await limits.raw_inserts(postgres.dsn, seconds=5)).per_second,
            }
        console = f"http://127.0.0.1:{free_port()}/console"
        async with (
            AsyncExitStack() as stack,
            silent_mail_server() as smtp,
            installation(
                dsn=postgres.dsn,
                amqp_url=broker.url,
                folder=folder,
                replicas=1,
                LEDGERWIRE_SMTP_URL=smtp,
                LEDGERWIRE_CONSOLE_URL=console,
                **_rates(ctx),
            ) as running,
        ):
            pids = {name: running.services[name].pid for name in SERVICES}
            pids |= {"postgres": postgres.pid, "rabbitmq": broker.pid, "load": os.getpid()}
            if "console" in ctx.parts:
                started = separate_console(running.environment, running.url, console, folder)
                pids["console"] = (await stack.enter_async_context(started)).pid

            async def restart() -> None:
                await postgres.restart()
                pids["postgres"] = postgres.pid

            bench = _bench(ctx, running.url, postgres.dsn, pids, console)
            return raw | await measured(replace(bench, restart_database=restart))


async def embedded(ctx: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One process over the embedded Postgres, as `ledgerwire up` runs it; small books unless it is measured alone."""
    progress("the embedded default")
    home = folder / "home"
    async with standalone(home, **_rates(ctx)) as running:
        postgres = await embedded_postgres.start(home)
        try:
            bench = _bench(
                ctx,
                running.url,
                postgres.dsn,
                {"ledgerwire": running.pid, "load": os.getpid()},
                f"{running.url}/console",
            )
            if ctx.only is None:
                bench = replace(bench, parts=bench.parts - {"lists", "reports", "reminders", "soak"}, size=None)
            return await measured(bench)
        finally:
            await postgres.stop()


def _rates(ctx: argparse.Namespace) -> dict[str, str]:
    return NO_RATE_LIMITS | {"LEDGERWIRE_REQUESTS_PER_SECOND": f"{ctx.account_rate:g}"}


def _bench(ctx: argparse.Namespace, url: str, dsn: str, pids: Mapping[str, int], console: str) -> Bench:
    return Bench(
        url=url,
        dsn=dsn,
        pids=pids,
        parts=frozenset(ctx.parts),
        seconds=ctx.seconds,
        events=ctx.events,
        soak=Soak(ctx.minutes, ctx.rate),
        accounts=ctx.accounts,
        size=Size(ctx.documents, min(ctx.invoices, ctx.documents)),
        clients=ctx.clients,
        console=console,
    )


def table(report: Mapping[str, Any]) -> str:
    """The figures side by side."""
    names = [name for name in ("separate", "embedded") if name in report]
    rows: dict[str, list[str]] = {}
    for name in names:
        for key, value in report[name].items():
            values = value.items() if isinstance(value, dict) else [("", value)]
            for inner, figure in values:
                label = f"{key} {inner}".strip()
                rows.setdefault(label, ["-"] * len(names))[names.index(name)] = f"{figure:,.1f}"
    width = max(len(label) for label in rows)
    lines = [f"{'':{width}} " + " ".join(f"{name:>12}" for name in names)]
    lines += [f"{label:{width}} " + " ".join(f"{figure:>12}" for figure in figures) for label, figures in rows.items()]
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    """The options; the defaults are the full run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    parser.add_argument("--seconds", type=float, default=20, help="length of each timed part")
    parser.add_argument("--events", type=int, default=8_000, help="events of the whole-way part")
    parser.add_argument("--minutes", type=int, default=3, help="length of the soak")
    parser.add_argument("--rate", type=float, default=300, help="events a second of the soak: half of the full load")
    parser.add_argument("--account-rate", type=float, default=0, help="LEDGERWIRE_REQUESTS_PER_SECOND (0: no limit)")
    parser.add_argument("--accounts", type=int, default=40, help="accounts of the whole-way part")
    parser.add_argument("--documents", type=int, default=1_000_000, help="documents of lists, reports and verify")
    parser.add_argument("--invoices", type=int, default=200_000, help="invoices among them: five postings for each")
    parser.add_argument("--clients", type=int, default=100_000, help="clients of the reminders part")
    parser.add_argument("--only", choices=("separate", "embedded"))
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


def this_commit() -> str:
    """The commit that is measured."""
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout


async def main() -> int:
    """Measure, print, write."""
    ctx = parse()
    report: dict[str, Any] = {
        "at": datetime.now(tz=UTC).isoformat(),
        "commit": this_commit().strip(),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
    }
    with tempfile.TemporaryDirectory(prefix="ledgerwire-bench-", ignore_cleanup_errors=True) as folder:
        if ctx.only != "embedded":
            report["separate"] = await separate(ctx, Path(folder))
        if ctx.only != "separate":
            report["embedded"] = await embedded(ctx, Path(folder))
    out = ctx.out or Path(f"bench-{datetime.now(tz=UTC):%Y%m%d-%H%M%S}.json")
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(table(report))
    print(f"written to {out}")
    broken = sum(report[name]["verify"]["broken"] for name in ("separate", "embedded") if name in report)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(uvloop.run(until_signalled(main())))
