"""`make faults`: inject every kind of fault under load, and prove that nothing is lost and nothing doubled."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.faults.plan import KINDS
from tests.faults.run import CUTS, Result, Wishes, fault_run
from tests.faults.scene import VoidRun
from tests.support.ending import ENDED_BY_SIGNAL, until_signalled


def progress(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{datetime.now(tz=UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def show(result: Result, commit: str) -> None:
    """The verdict as a table."""
    print(f"\nseed {result.seed}, commit {commit}, {len(result.plan)} faults, all injected, {result.seconds:.0f} s")
    for name, value in result.verdict.as_dict().items():
        if name != "found":
            print(f"  {name:26} {value:>8}")
    for service, seconds in result.working_again.items():
        middle = statistics.median(seconds)
        print(f"  {service}: works again after {middle:.2f} s, at most {max(seconds)} s, of {len(seconds)} kills")
    if result.left_out:
        print(f"  left out, as this machine cannot: {', '.join(result.left_out)}")
    for line in result.verdict.found[:50]:
        print(f"  FOUND {line}")


def parse() -> argparse.Namespace:
    """The options; the defaults are the release run."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run (default: a new one, printed)")
    parser.add_argument("--seconds", type=float, default=240, help="length of the load")
    parser.add_argument("--rounds", type=int, default=2, help="how often each kind of fault is injected")
    parser.add_argument("--pace", type=float, default=60, help="requests a second that are tried")
    parser.add_argument("--replicas", type=int, default=1, help="processes of each service but ingress")
    parser.add_argument("--cuts", type=int, default=CUTS, help="replies that each cut swallows")
    parser.add_argument("--bus", choices=["rabbitmq", "postgres"], default="rabbitmq")
    parser.add_argument("--only", nargs="+", choices=KINDS, metavar="KIND", help="these verbs and kinds alone")
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


def main() -> int:
    """Exit 0 when every promise held, 1 when one broke, 3 when the run is void, 130 when a signal ended it."""
    asked = parse()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(2**31)
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    progress(f"seed {seed}, commit {commit}")
    with tempfile.TemporaryDirectory(prefix="ledgerwire-faults-", ignore_cleanup_errors=True) as folder:
        try:
            only = frozenset(asked.only) if asked.only else None
            wishes = Wishes(seed, asked.seconds, asked.rounds, asked.pace, asked.replicas, asked.cuts, asked.bus, only)
            result = uvloop.run(until_signalled(fault_run(wishes, folder=Path(folder), progress=progress)))
        except VoidRun as void:
            print(f"seed {seed}, commit {commit}: void, {void}")
            return 3
        except asyncio.CancelledError:
            print(f"seed {seed}, commit {commit}: ended by a signal")
            return ENDED_BY_SIGNAL
    show(result, commit)
    out = asked.out or Path(f"faults-{seed}.json")
    out.write_text(json.dumps({"commit": commit, **result.as_dict()}, indent=2) + "\n", encoding="utf-8")
    print(f"written to {out}")
    return 1 if result.verdict.found else 0


if __name__ == "__main__":
    sys.exit(main())
