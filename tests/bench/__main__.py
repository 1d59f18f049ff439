"""`make bench`: what this machine's limit is, and how near to it the whole way comes; a table and `bench-<time>.json`.

Everything runs on the machine at hand, the load included. Separate processes over RabbitMQ and Postgres (fsync on)
first, the embedded default second.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from tests.bench import limits, measure
from tests.bench.scene import set_scene
from tests.bench.usage import Usage, memory
from tests.support.installation import SERVICES, installation
from tests.support.servers import private_postgres, private_rabbitmq
from tests.support.standalone import standalone

ACCOUNTS = 40
CONNECTIONS = 32
IN_FLIGHT_MAX = 400


def tell(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{datetime.now(tz=UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


async def measured(url: str, create_account: Any, pids: Mapping[str, int], asked: argparse.Namespace) -> dict[str, Any]:
    """All measurements against one running installation."""
    own = [name for name in pids if name not in {"postgres", "rabbitmq", "load"}]
    report: dict[str, Any] = {"memory_at_rest_mb": memory(pids)}
    tell(f"  making {asked.accounts} accounts, each with a channel and a hook")
    scene, server = await set_scene(url, create_account, accounts=asked.accounts)
    tell("  latency at 1 event a second")
    report["at_1"] = (await measure.latency(scene, per_second=1, seconds=asked.seconds)).as_dict()
    tell("  latency at 50 events a second")
    report["at_50"] = (await measure.latency(scene, per_second=50, seconds=asked.seconds)).as_dict()
    tell("  the whole way, as fast as it goes")
    async with Usage(pids) as usage:
        rate = await measure.whole_way(scene, events=asked.events, connections=CONNECTIONS, in_flight_max=IN_FLIGHT_MAX)
    report["whole_way_per_second"] = round(rate.per_second, 1)
    report["cpu_seconds_per_1000_events"] = {
        name: round(seconds / asked.events * 1000, 2) for name, seconds in usage.cpu_seconds.items()
    }
    tell("  accepted, as fast as answers come")
    rate = await measure.accepted(scene, seconds=asked.seconds, connections=CONNECTIONS)
    report["accepted_per_second"] = round(rate.per_second, 1)
    tell(f"  waiting for all {len(scene.sent)} to arrive")
    await measure.all_arrived(scene)
    if asked.soak > len(scene.sent):
        tell(f"  on to {asked.soak} events")
        async with Usage(pids) as soaking:
            more = asked.soak - len(scene.sent)
            await measure.whole_way(scene, events=more, connections=CONNECTIONS, in_flight_max=IN_FLIGHT_MAX)
        usage = soaking
    report |= {
        "events": len(scene.sent),
        "doubled_at_the_receiver": scene.doubled,
        "memory_at_the_end_mb": memory(pids),
        "peak_memory_mb": usage.peak_megabytes,
        "own_memory_at_rest_mb": round(sum(report["memory_at_rest_mb"][name] for name in own), 1),
        "own_peak_memory_mb": round(sum(usage.peak_megabytes[name] for name in own), 1),
    }
    server.close()
    return report


async def separate(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Four processes over RabbitMQ and Postgres, and the limit of both measured beside them."""
    tell("separate services over RabbitMQ and Postgres")
    async with private_postgres() as postgres, private_rabbitmq() as broker:
        tell("  the limit: raw confirmed publishes and raw batched inserts")
        raw = {
            "raw_confirmed_publishes_per_second": (await limits.raw_publishes(broker.url, seconds=5)).per_second,
            "raw_inserted_rows_per_second": (await limits.raw_inserts(postgres.dsn, seconds=5)).per_second,
        }
        async with installation(dsn=postgres.dsn, amqp_url=broker.url, folder=folder) as running:
            pids = {name: running.services[name].pid for name in SERVICES}
            pids |= {"postgres": postgres.pid, "rabbitmq": broker.pid, "load": os.getpid()}
            return raw | await measured(running.url, running.create_account, pids, asked)


async def embedded(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One process over the embedded Postgres, as `ledgerwire up` runs it."""
    tell("the embedded default")
    async with standalone(folder / "home") as running:
        pids = {"ledgerwire": running.pid, "load": os.getpid()}
        return await measured(running.url, running.create_account, pids, asked)


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
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--seconds", type=float, default=20, help="length of each timed part")
    parser.add_argument("--events", type=int, default=8_000, help="events of the whole-way part")
    parser.add_argument("--soak", type=int, default=100_000, help="go on to so many events, for the memory figure")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--only", choices=("separate", "embedded"))
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


def this_commit() -> str:
    """The commit that is measured."""
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout


async def main() -> int:
    """Measure, print, write."""
    asked = parse()
    report: dict[str, Any] = {
        "at": datetime.now(tz=UTC).isoformat(),
        "commit": this_commit().strip(),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
    }
    with tempfile.TemporaryDirectory(prefix="ledgerwire-bench-", ignore_cleanup_errors=True) as folder:
        if asked.only != "embedded":
            report["separate"] = await separate(asked, Path(folder))
        if asked.only != "separate":
            asked.soak = 0
            report["embedded"] = await embedded(asked, Path(folder))
    out = asked.out or Path(f"bench-{datetime.now(tz=UTC):%Y%m%d-%H%M%S}.json")
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(table(report))
    print(f"written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
