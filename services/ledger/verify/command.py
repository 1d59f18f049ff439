"""The command `verify` of the ledger and of `ledgerwire`: progress, findings, exit status."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

import asyncpg

from chassis.settings import ServiceSettings, SettingsError
from ledger.verify.run import NotReadable, Report, verify


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `verify`."""
    parser.add_argument(
        "--settled", action="store_true", help="nothing is in progress: report every event that is not in the log"
    )


async def run(dsn: str, *, settled: bool) -> int:
    """Check the ledger; progress goes to standard error, findings to standard output. 0: consistent, 1: not.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or fails.
    """
    try:
        report = await verify(dsn, settled=settled, report=lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
    except NotReadable as error:
        print(f"verify: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for line in spelled(report):
        print(line, flush=True)  # noqa: T201
    return 1 if report.broken else 0


def spelled(report: Report) -> list[str]:
    """A report as lines: each broken promise with its first row, and the sum of it all."""
    lines = []
    for broken in report.broken:
        more = f" (and {broken.rows - 1} more)" if broken.rows > 1 else ""
        lines.append(f"broken: {broken.check.promise}\n  {broken.first}{more}")
    lines += [f"left out: {check.promise}" for check in report.left_out]
    verdict = (
        f"{len(report.broken)} of {report.checks} promises are broken" if report.broken else "the ledger is consistent"
    )
    size = f"{report.postings:,} postings and {report.documents:,} documents"
    lines.append(f"{verdict}: {report.checks} checks of {size} in {report.seconds:.1f} s")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m ledger verify`: the exit status; 2 when the ledger cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m ledger verify", description=__doc__)
    add_options(parser)
    ctx = parser.parse_args(argv)
    try:
        dsn = ServiceSettings.read().database
        return asyncio.run(run(dsn, settled=ctx.settled))
    except (SettingsError, OSError, asyncpg.PostgresError) as error:
        print(f"ledger: {error}", file=sys.stderr)  # noqa: T201
        return 2
