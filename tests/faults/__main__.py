"""`make faults`: strike every kind of fault under load, and prove that nothing is lost and nothing doubled."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.faults.run import CUTS, Result, Wishes, fault_run
from tests.faults.scene import VoidRun


def tell(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{datetime.now(tz=UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def show(result: Result, commit: str) -> None:
    """The verdict as a table."""
    print(f"\nseed {result.seed}, commit {commit}, {len(result.plan)} faults, all struck, {result.seconds:.0f} s")
    for name, value in result.verdict.as_dict().items():
        if name != "found":
            print(f"  {name:26} {value:>8}")
    for line in result.verdict.found[:50]:
        print(f"  FOUND {line}")


def parse() -> argparse.Namespace:
    """The options; the defaults are the release run."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run (default: a new one, printed)")
    parser.add_argument("--seconds", type=float, default=180, help="length of the load")
    parser.add_argument("--rounds", type=int, default=2, help="how often each kind of fault strikes")
    parser.add_argument("--pace", type=float, default=60, help="requests a second that are tried")
    parser.add_argument("--replicas", type=int, default=1, help="processes of each service but ingress")
    parser.add_argument("--cuts", type=int, default=CUTS, help="replies that each cut swallows")
    parser.add_argument("--bus", choices=["rabbitmq", "postgres"], default="rabbitmq")
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


def main() -> int:
    """Exit 0 when every promise held, 1 when one broke, 3 when the run is void."""
    asked = parse()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(2**31)
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    tell(f"seed {seed}, commit {commit}")
    with tempfile.TemporaryDirectory(prefix="ledgerwire-faults-", ignore_cleanup_errors=True) as folder:
        try:
            wishes = Wishes(seed, asked.seconds, asked.rounds, asked.pace, asked.replicas, asked.cuts, asked.bus)
            result = uvloop.run(fault_run(wishes, folder=Path(folder), tell=tell))
        except VoidRun as void:
            print(f"seed {seed}, commit {commit}: void, {void}")
            return 3
    show(result, commit)
    out = asked.out or Path(f"faults-{seed}.json")
    out.write_text(json.dumps({"commit": commit, **result.as_dict()}, indent=2) + "\n", encoding="utf-8")
    print(f"written to {out}")
    return 1 if result.verdict.found else 0


if __name__ == "__main__":
    sys.exit(main())
