"""`make upgrade-test`: upgrade under load from an earlier revision, and prove that no caller notices."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.support.ending import ENDED_BY_SIGNAL, until_signalled
from tests.upgrade.base import NoBase, git, migrations_of, oldest_base
from tests.upgrade.run import Upgrade, upgrade


def progress(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{datetime.now(tz=UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    """The options; the defaults are those of `make upgrade-test`."""
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade")
    parser.add_argument(
        "--rev", default=None, help="the revision to upgrade from (default: the oldest one that can be)"
    )
    parser.add_argument("--bus", choices=["rabbitmq", "postgres"], default="rabbitmq")
    parser.add_argument("--pace", type=float, default=20, help="requests a second that are tried")
    parser.add_argument("--seconds", type=float, default=10, help="of load before and after")
    return parser.parse_args()


def main() -> int:
    """Exit 0 when no caller noticed and nothing was lost or doubled, 1 when not, 3 no base, 130 by a signal."""
    asked = parse()
    with tempfile.TemporaryDirectory(prefix="ledgerwire-upgrade-", ignore_cleanup_errors=True) as folder:
        try:
            revision = git("rev-parse", asked.rev) if asked.rev else oldest_base()
            wanted = Upgrade(revision, asked.bus, asked.pace, asked.seconds)
            result = uvloop.run(until_signalled(upgrade(wanted, folder=Path(folder), progress=progress)))
        except NoBase as error:
            print(f"void: {error}")
            return 3
        except asyncio.CancelledError:
            return ENDED_BY_SIGNAL
    fresh = len(result.migrations) - len(migrations_of(revision))
    print(
        f"\nfrom {revision[:10]} to {git('rev-parse', '--short=10', 'HEAD')}: {fresh} new migrations, bus {asked.bus}"
    )
    for name, value in result.verdict.as_dict().items():
        if name != "found":
            print(f"  {name:26} {value:>8}")
    print(f"  {'retried':26} {result.retried:>8}\n  {'noticed by a caller':26} {len(result.noticed):>8}")
    for line in [*result.noticed, *result.verdict.found][:50]:
        print(f"  FOUND {line}")
    return 1 if result.noticed or result.verdict.found else 0


if __name__ == "__main__":
    sys.exit(main())
