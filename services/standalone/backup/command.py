"""The commands `ledgerwire backup` and `ledgerwire restore`: options, where files and keys are, progress."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chassis.command import BUS_MIGRATIONS
from chassis.settings import read_variable
from standalone.all_in_one import PROGRAMS, prepare_all
from standalone.backup.archive import BackupError
from standalone.backup.restore import RestoreTarget, keep_keys_in, restore
from standalone.backup.take import Backup, take
from standalone.data_directory import KEYS_FILE
from storage.migrations import read_migrations

Report = Callable[[str], None]


def add_commands(commands: Any, home: dict[str, Any]) -> None:
    """Add `backup` and `restore`; `home` are the arguments of the option `--home`."""
    backup = commands.add_parser(
        "backup", help="write database, files and keys into one file; works while `up` or the services run"
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file; - writes to standard output")
    backup.add_argument("--without-keys", action="store_true", help="leave out the keys that encrypt stored secrets")
    backup.add_argument("--home", **home)
    again = commands.add_parser("restore", help="restore a file of `backup` into an empty installation")
    again.add_argument("file", type=Path, metavar="FILE", help="a file of `ledgerwire backup`; - reads standard input")
    again.add_argument("--home", **home)


async def back_up(dsn: str, requested: argparse.Namespace, *, report: Report) -> None:
    """Take a backup.

    Raises:
        BackupError: it cannot be taken.
    """
    keys = None if requested.without_keys or read_variable("secret_keys") else _keys_in(requested.home)
    wanted = Backup(dsn, bool(read_variable("amqp_url")), files_of(requested.home), keys)
    manifest = await take(wanted, requested.file, report=report)
    report(f"backed up {manifest.accounts} accounts as of {manifest.taken_at} to {requested.file}")
    if keys is None:
        report("  without the keys (LEDGERWIRE_SECRET_KEYS): keep a copy of them in another place")
    else:
        report("  with the keys that encrypt stored secrets: keep the file where only you read it")


async def bring_back(dsn: str, requested: argparse.Namespace, *, report: Report) -> None:
    """Restore a backup, and bring its schemas up to this version.

    Raises:
        BackupError: it cannot be restored.
    """
    known = {program.name: _names(program.migrations) for program in PROGRAMS} | {"bus": _names(BUS_MIGRATIONS)}
    place = RestoreTarget(dsn, files_of(requested.home), keep_keys_in(requested.home, KEYS_FILE))
    manifest = await restore(place, requested.file, known=known, report=report)
    await prepare_all(dsn, report=lambda ran: report(f"  prepared {ran}"))
    report(f"restored {manifest.accounts} accounts as of {manifest.taken_at}; check them: ledgerwire verify")


def files_of(home: Path) -> Path:
    """Where files are kept."""
    given = read_variable("files")
    return Path(given).expanduser().absolute() if given else home / "files"


def _keys_in(home: Path) -> str | None:
    try:
        return (home / KEYS_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackupError(f"{home / KEYS_FILE} cannot be read: {error.strerror}") from None


def _names(folder: Path) -> list[str]:
    return [migration.name for migration in read_migrations(folder)]
