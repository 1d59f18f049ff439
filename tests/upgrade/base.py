"""The revision to upgrade from: its code beside ours, and whether its migrations are a beginning of ours."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Final

MIGRATIONS: Final = (
    "libs/messaging/migrations", "services/ingress/migrations", "services/ledger/migrations",
    "services/trigger_dispatcher/migrations", "services/action_executor/migrations",
)  # fmt: skip
REVISIONS_MAX: Final = 60


class NoBase(Exception):
    """There is no revision to upgrade from."""


def git(*given: str) -> str:
    """What a git command says."""
    return subprocess.run(["git", *given], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def migrations_of(revision: str) -> dict[str, str]:
    """The migrations of a revision, by their path, with the hash of their content."""
    lines = git("ls-tree", "-r", revision, "--", *MIGRATIONS).splitlines()
    return {line.split("\t")[1]: line.split()[2] for line in lines}


def migrations_here() -> dict[str, str]:
    """The migrations of the working tree."""
    paths = sorted(str(path) for folder in MIGRATIONS for path in Path(folder).glob("*.sql"))
    return dict(zip(paths, git("hash-object", *paths).splitlines(), strict=True))


def changed_since(revision: str) -> list[str]:
    """The revision's migrations that are not in the working tree as they were: its databases cannot be upgraded."""
    here = migrations_here()
    return sorted(path for path, content in migrations_of(revision).items() if here.get(path) != content)


def oldest_base() -> str:
    """The oldest of the last revisions from which this one can be upgraded.

    Raises:
        NoBase: every earlier revision has migrations that were edited since.
    """
    revisions = git("rev-list", "--first-parent", f"--max-count={REVISIONS_MAX}", "HEAD~1").splitlines()
    found = None
    for revision in revisions:
        if changed_since(revision):
            break
        found = revision
    if found is None:
        raise NoBase("the migrations of HEAD~1 were edited in place: name another revision by REV=")
    return found


def check_out(revision: str, folder: Path) -> dict[str, str]:
    """Write a revision's code below `folder`; return the environment in which our programs are its own.

    Raises:
        NoBase: its migrations were edited since.
    """
    if edited := changed_since(revision):
        raise NoBase(f"{revision} cannot be upgraded: {edited[0]} was edited in place since")
    packed = subprocess.run(
        ["git", "archive", revision, "libs", "services"], capture_output=True, check=True, timeout=60
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    return {"PYTHONPATH": f"{folder / 'libs'}:{folder / 'services'}"}
